import { parseText, type Block, type Inline } from "./grammar";
import { foldedName, MentionNames } from "./mention-names";

/** Whether a text mentions `nickname` outside code and quotes. `others`: nicknames that may be meant instead, since the
 * longest one wins; computed only if needed. */
export function mentions(text: string, nickname: string, others: () => Iterable<string> = () => []): boolean {
  if (nickname === "" || !foldedName(text).includes(`@${foldedName(nickname)}`)) return false;
  return parseText(text, new MentionNames(nickname, others())).some(mentionsMe);
}

function mentionsMe(block: Block): boolean {
  switch (block.kind) {
    case "paragraph":
      return block.inside.some(isMe);
    case "list":
      return block.items.some((item) => item.inside.some(isMe));
    case "code":
    case "quote":
      return false;
  }
}

const isMe = (piece: Inline): boolean =>
  piece.kind === "mention" ? piece.isMe : "inside" in piece && piece.inside.some(isMe);
