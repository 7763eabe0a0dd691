import { useTranslation } from "react-i18next";
import type { Block } from "@/lib/text/grammar";
import { drawBlocks } from "./draw-text";
import * as css from "./user-text.module.css";

interface FoldableTextProps {
  readonly blocks: readonly Block[];
  /** Another text is another element, because a translator may have replaced the text nodes of this one. */
  readonly textKey: string;
  readonly isEmoji: boolean;
  readonly isFolded: boolean;
  /** Folds or unfolds the text; null for a text that is short enough. */
  readonly onToggle: (() => void) | null;
}

/** A parsed text, with a button that folds a long one. */
export function FoldableText({ blocks, textKey, isEmoji, isFolded, onToggle }: FoldableTextProps) {
  const { t } = useTranslation();
  return (
    <>
      <div
        key={textKey}
        className={`${css.text} ${isEmoji ? css.textEmoji : ""} ${isFolded ? css.textFolded : ""}`}
        data-testid="text"
        dir="auto"
      >
        {drawBlocks(blocks)}
      </div>
      {onToggle !== null && (
        <button type="button" className="text-button" aria-expanded={!isFolded} onClick={onToggle}>
          {isFolded ? t("message.more") : t("message.less")}
        </button>
      )}
    </>
  );
}
