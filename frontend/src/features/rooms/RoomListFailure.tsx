import { useTranslation } from "react-i18next";
import * as css from "./rooms.module.css";

/** Says that the room list cannot be loaded now. */
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
