import { CloudOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import * as css from "./room.module.css";

/** Shown instead of messages while the first page cannot be fetched: the reason, and a button to retry now. */
export function RoomUnreachable({ screen }: { screen: RoomScreen }) {
  const { t } = useTranslation();
  const { feed } = useOpenRoom();
  const { connection, room } = screen.feed;
  if (room !== null || screen.rows.length > 0 || connection.status !== "reconnecting") return null;
  return (
    <div className={css.roomUnreachable}>
      <CloudOff size={28} aria-hidden="true" />
      <h2>{t("problem.unreachable")}</h2>
      <p>{t("problem.unreachableHint")}</p>
      <button type="button" className="primary-button" onClick={feed.retryNow}>
        {t("feed.retry")}
      </button>
    </div>
  );
}
