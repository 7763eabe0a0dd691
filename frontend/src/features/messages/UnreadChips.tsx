import { ArrowDown } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { UnreadCounts } from "@/lib/room-view/unread-while-paused";
import * as css from "./unread-chips.module.css";

interface UnreadChipsProps {
  unread: UnreadCounts;
  onNewest: () => void;
  /** Scrolls to the reader's own newest post; undefined if it is in view. */
  onOwnPost: (() => void) | undefined;
}

/** The counts of messages below a paused list, on buttons that scroll to them. */
export function UnreadChips({ unread: { messages, forMe }, onNewest, onOwnPost }: UnreadChipsProps) {
  const { t } = useTranslation();
  const words = [
    messages > 0 ? t("feed.new", { count: messages }) : t("feed.toNewest"),
    forMe > 0 && t("feed.forYou", { count: forMe }),
  ];
  return (
    <div className={css.chips} data-testid="chips">
      <button type="button" className={`${css.newChip} tabular`} data-testid="new-chip" onClick={onNewest}>
        <span>{words.filter(Boolean).join(", ")}</span> <ArrowDown size={14} aria-hidden="true" />
      </button>
      {onOwnPost && (
        <button type="button" className={css.ownChip} data-testid="own-chip" onClick={onOwnPost}>
          {t("feed.yours")}
        </button>
      )}
    </div>
  );
}
