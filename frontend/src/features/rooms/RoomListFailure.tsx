import { useTranslation } from "react-i18next";
import * as css from "./rooms.module.css";

/** Reports that the room list could not be loaded. */
export function RoomListFailure({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <p className={css.roomListNote} role="status">
      <span>{t("rooms.failed")}</span>{" "}
      <button type="button" className="text-button" onClick={onRetry}>
        {t("feed.retry")}
      </button>
    </p>
  );
}
