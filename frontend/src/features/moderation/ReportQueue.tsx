import { useTranslation } from "react-i18next";
import type { ReportsPage } from "@/lib/contract/types";
import type { Pages } from "@/ui/use-pages";
import { QueueList } from "./QueueList";
import { ReportItem } from "./ReportItem";
import { useReportQueue } from "./use-report-queue";

interface ReportQueueProps {
  reports: Pages<ReportsPage>;
  /** Shows the reported message in the list. */
  onShow: (seq: number) => void;
}

/** The open reports of messages. */
export function ReportQueue({ reports, onShow }: ReportQueueProps) {
  const { t } = useTranslation("hosts");
  const { items, refusal, ...queue } = useReportQueue(reports, onShow);
  const isEmpty = reports.pages !== undefined && items.length === 0;
  return (
    <QueueList
      title={t("moderate.reports")}
      emptyWords={isEmpty ? t("moderate.noReports") : null}
      waiting={queue.waiting}
      onShowWaiting={queue.showWaiting}
      handlers={queue.handlers}
      refusal={refusal}
      loadMore={reports.loadMore}
    >
      {items.map((item) => (
        <ReportItem key={item.report.id} {...item} />
      ))}
    </QueueList>
  );
}
