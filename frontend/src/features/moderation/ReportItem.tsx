import { useTranslation } from "react-i18next";
import type { ListedReport } from "@/lib/contract/types";
import { OneLine } from "@/ui/user-text/OneLine";
import { QueueItemFrame } from "./QueueItemFrame";

export interface ReportItemProps {
  report: ListedReport;
  /** The time and the reporter. */
  reportedBy: string;
  mark: string | null;
  onPerson: () => void;
  outcome: string | null;
  onResolve: () => void;
  onShow: () => void;
  /** Undefined where the author has the same or a higher role. */
  onDelete: (() => void) | undefined;
  /** Undefined where the author has the same or a higher role. */
  onBan: (() => void) | undefined;
}

/** A reported message with its buttons. Their `aria-keyshortcuts` are the keys that press them. */
export function ReportItem({
  report,
  reportedBy,
  mark,
  outcome,
  onPerson,
  onDelete,
  onBan,
  ...actions
}: ReportItemProps) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  return (
    <QueueItemFrame
      author={report.message.author}
      text={report.message.text}
      mark={mark}
      onPerson={onPerson}
      about={
        <>
          <OneLine of={report.reason} />
          <br />
          <span>{reportedBy}</span>
        </>
      }
      outcome={outcome}
    >
      <button type="button" className="primary-button" aria-keyshortcuts="e" onClick={actions.onResolve}>
        {t("moderate.resolve")}
      </button>
      <button type="button" className="quiet-button" onClick={actions.onShow}>
        {t("moderate.showMessage")}
      </button>
      {onDelete !== undefined && (
        <button type="button" className="quiet-button" aria-keyshortcuts="d" onClick={onDelete}>
          {t("moderate.deleteMessage")}
        </button>
      )}
      {onBan !== undefined && (
        <button type="button" className="quiet-button" aria-keyshortcuts="b" onClick={onBan}>
          {words("message.ban")}
        </button>
      )}
    </QueueItemFrame>
  );
}
