import { CornerDownLeft } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { LeftOut } from "@/lib/room-view/rows";
import * as css from "./messages.module.css";

/** The number of messages without a row after this one, and whether some of them reply to the reader; a click shows them. */
export function LeftOutButton({ leftOut, onClick }: { leftOut: LeftOut; onClick: () => void }) {
  const { t } = useTranslation();
  const { count, hasReplies } = leftOut;
  const words = [t("feed.leftOut", { count }), ...(hasReplies ? [t("feed.leftOutReplies")] : [])].join(" · ");
  return (
    <button
      type="button"
      className={`${css.leftOut} tabular`}
      data-testid="left-out"
      data-for-me={hasReplies || undefined}
      aria-label={words}
      title={words}
      onClick={onClick}
    >
      <span>{`+${count}`}</span> {hasReplies && <CornerDownLeft size={11} aria-hidden="true" />}
    </button>
  );
}
