import { History, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { IconButton } from "@/ui/IconButton";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import * as css from "./messages.module.css";

/** The counts of messages missed while away; they are loaded only when the reader clicks. */
export function AwayBanner({ screen }: { screen: RoomScreen }) {
  const { t } = useTranslation();
  const { view, jumpTo } = useOpenRoom();
  const { away } = screen;
  if (away === null) return null;
  const words = [
    away.mentions > 0 && t("feed.awayMentions", { count: away.mentions }),
    t("feed.away", { count: away.messages }),
  ];
  return (
    <div className={css.awayBanner} data-testid="away-banner">
      <button
        type="button"
        className="text-button"
        onClick={() => {
          jumpTo(away.fromSeq);
          view.dismissAway();
        }}
      >
        <History size={14} aria-hidden="true" /> {words.filter(Boolean).join(", ")}
      </button>
      <IconButton icon={X} size={14} label={t("app.close")} onClick={view.dismissAway} />
    </div>
  );
}
