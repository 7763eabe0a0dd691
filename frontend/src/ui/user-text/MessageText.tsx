import { memo, use, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { harmlessText } from "@/lib/text/harmless-text";
import { OpenRoomContext } from "@/ui/room-context";
import { useViewer } from "@/ui/services-context";
import { drawBlocks } from "@/ui/user-text/draw-text";
import { recentNicknames } from "@/lib/people/recent-nicknames";
import { beginningOf, parseText } from "@/lib/text/grammar";
import { MentionNames } from "@/lib/text/mention-names";
import { isOnlyEmoji } from "@/lib/text/only-emoji";
import * as css from "./user-text.module.css";

const FOLD_CHARACTERS = 700;
const FOLD_LINES = 10;
// More than a folded message shows at any width; the rest is drawn when the reader opens it.
const FOLDED_CHARACTERS = 2_000;
const FOLDED_LINES = 16;
const PLAIN_MAX = 8_000;

/** A message's text. Long texts are folded; up to six emoji alone are large. Another text is another element, because a
 * translator may have replaced the text nodes of this one. */
export const MessageText = memo(function MessageText({ text }: { text: string }) {
  return (
    <ErrorBoundary resetKey={text} fallback={<PlainText text={text} />}>
      <DrawnText text={text} />
    </ErrorBoundary>
  );
});

/** The unparsed text, for a message that cannot be drawn otherwise. */
export function PlainText({ text }: { text: string }) {
  return (
    <div className={`${css.text} ${css.textPlain}`} data-testid="plain-text" dir="auto">
      {text.slice(0, PLAIN_MAX)}
    </div>
  );
}

function DrawnText({ text }: { text: string }) {
  const { t } = useTranslation();
  const nickname = useViewer()?.nickname ?? "";
  const [isOpen, setIsOpen] = useState(false);
  const harmless = harmlessText(text);
  const feed = use(OpenRoomContext)?.feed;
  const blocks = useMemo(() => {
    if (!harmless.includes("@")) return parseText(harmless);
    const messages = feed?.getSnapshot().room?.messages ?? [];
    return parseText(harmless, new MentionNames(nickname, recentNicknames(messages)));
  }, [harmless, nickname, feed]);
  const isLong =
    harmless.length > FOLD_CHARACTERS || harmless.split("\n", FOLD_LINES + 1).length > FOLD_LINES;
  const isFolded = isLong && !isOpen;
  return (
    <>
      <div
        key={`${isFolded ? "folded" : "whole"} ${nickname} ${harmless}`}
        className={`${css.text} ${isOnlyEmoji(harmless) ? css.textEmoji : ""} ${isFolded ? css.textFolded : ""}`}
        data-testid="text"
        dir="auto"
      >
        {drawBlocks(isFolded ? beginningOf(blocks, FOLDED_CHARACTERS, FOLDED_LINES) : blocks)}
      </div>
      {isLong && (
        <button
          type="button"
          className="text-button"
          aria-expanded={isOpen}
          onClick={() => setIsOpen(!isOpen)}
        >
          {isOpen ? t("message.less") : t("message.more")}
        </button>
      )}
    </>
  );
}
