import { CloudOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import * as css from "./room.module.css";

/** Shown instead of messages while the first page cannot be fetched: the reason, and a button to retry now. */
export function RoomUnreachable({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={css.roomUnreachable}>
      <CloudOff size={28} aria-hidden="true" />
      <h2>{t("problem.unreachable")}</h2>
      <p>{t("problem.unreachableHint")}</p>
      <button type="button" className="primary-button" onClick={onRetry}>
        {t("feed.retry")}
      </button>
    </div>
  );
}
