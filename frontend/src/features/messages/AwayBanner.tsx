import { History, X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { AwaySummary } from "@/lib/room-view/away-summary";
import { IconButton } from "@/ui/IconButton";
import * as css from "./messages.module.css";

interface AwayBannerProps {
  away: AwaySummary;
  onShow: () => void;
  onDismiss: () => void;
}

/** The counts of messages missed while away; they are loaded only when the reader clicks. */
export default function AwayBanner({ away, onShow, onDismiss }: AwayBannerProps) {
  const { t } = useTranslation();
  const words = [
    away.mentions > 0 && t("feed.awayMentions", { count: away.mentions }),
    t("feed.away", { count: away.messages }),
  ];
  return (
    <div className={css.awayBanner} data-testid="away-banner">
      <button type="button" className="text-button" onClick={onShow}>
        <History size={14} aria-hidden="true" /> <span>{words.filter(Boolean).join(", ")}</span>
      </button>
      <IconButton icon={X} size={14} label={t("app.close")} onClick={onDismiss} />
    </div>
  );
}
