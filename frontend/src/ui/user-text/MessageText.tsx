import { memo, use, useMemo, useState } from "react";
import { recentNicknames } from "@/lib/people/recent-nicknames";
import { beginningOf, parseText } from "@/lib/text/grammar";
import { harmlessText } from "@/lib/text/harmless-text";
import { MentionNames } from "@/lib/text/mention-names";
import { isOnlyEmoji } from "@/lib/text/only-emoji";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { OpenRoomContext } from "@/ui/room-context";
import { useViewer } from "@/ui/services-context";
import { FoldableText } from "./FoldableText";
import { PlainText } from "./PlainText";

const FOLD_CHARACTERS = 700;
const FOLD_LINES = 10;
// More than a folded message shows at any width; the rest is drawn when the reader opens it.
const FOLDED_CHARACTERS = 2_000;
const FOLDED_LINES = 16;

/** A message's text. Long texts are folded; up to six emoji alone are large. */
export const MessageText = memo(function MessageText({ text }: { text: string }) {
  return (
    <ErrorBoundary resetKey={text} fallback={<PlainText text={text} />}>
      <ParsedText text={text} />
    </ErrorBoundary>
  );
});

function ParsedText({ text }: { text: string }) {
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
    <FoldableText
      blocks={isFolded ? beginningOf(blocks, FOLDED_CHARACTERS, FOLDED_LINES) : blocks}
      textKey={`${isFolded ? "folded" : "whole"} ${nickname} ${harmless}`}
      isEmoji={isOnlyEmoji(harmless)}
      isFolded={isFolded}
      onToggle={isLong ? () => setIsOpen(!isOpen) : null}
    />
  );
}
