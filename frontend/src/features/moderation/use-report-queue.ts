import { useTranslation } from "react-i18next";
import type { ListedReport, ReportsPage } from "@/lib/contract/types";
import type { Pages } from "@/ui/use-pages";
import { personInSentence } from "@/lib/people/person-name";
import { outranks, roleIn } from "@/lib/people/roles";
import { useOpenRoom } from "@/ui/room-context";
import { useHostApi } from "@/ui/use-host-api";
import { useLocalTime } from "@/ui/use-local-time";
import { useRole } from "@/ui/use-role";
import type { ReportItemProps } from "./ReportItem";
import { useDecisions } from "./use-decisions";
import { useQueueOrder } from "./use-queue-order";

/** The open reports in an order that does not change under the pointer, and what a host does with them. */
export function useReportQueue({ pages, refusal }: Pages<ReportsPage>, onShow: (seq: number) => void) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const api = useHostApi();
  const { roomId, feed, askToBan, deleteMessage, authorMark, showPerson } = useOpenRoom();
  const role = useRole();
  const localTime = useLocalTime();
  const { items, ...order } = useQueueOrder(pages?.flatMap(({ reports }) => reports) ?? []);
  const { decisions, decide, ...last } = useDecisions<"resolved">("reports");

  const itemOf = (report: ListedReport, isGone: boolean): ReportItemProps => {
    const { message, reporter } = report;
    const isOverAuthor = outranks(role, roleIn(feed.getSnapshot().room, message.author.id));
    return {
      report,
      reportedBy: t("moderate.reportedBy", {
        person: personInSentence(words, reporter),
        time: localTime.exactTime(report.created_at),
      }),
      mark: authorMark?.(message) ?? null,
      onPerson: () => showPerson?.(message.author),
      outcome: decisions.has(report.id) ? t("moderate.resolved") : isGone ? t("moderate.gone") : null,
      onResolve: () => decide(report.id, "resolved", () => api.resolveReport(roomId, report.id)),
      onShow: () => onShow(message.seq),
      onDelete: isOverAuthor ? () => deleteMessage(message) : undefined,
      onBan: isOverAuthor ? () => askToBan({ author: message.author, scope: "author" }) : undefined,
    };
  };
  return {
    ...order,
    items: items.map(({ item, isGone }) => itemOf(item, isGone)),
    refusal: last.refusal ?? refusal,
  };
}
