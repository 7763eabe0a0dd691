/** A parsed text in the notation of `tests/contract/text_cases.json`, which docs/text.md describes. */
import type { Block, Inline } from "@/lib/text/grammar";

export const drawn = (blocks: readonly Block[]): string => blocks.map(drawnBlock).join("¶");

function drawnBlock(block: Block): string {
  switch (block.kind) {
    case "paragraph":
      return drawnInline(block.inside);
    case "code":
      return `{pre${block.language && " "}${block.language}:${block.text}}`;
    case "quote":
      return `{q:${drawn(block.inside)}}`;
    case "list":
      return `{ul:${block.items
        .map((item) => `${item.level || ""}${item.marker} ${drawnInline(item.inside)}`)
        .join("|")}}`;
  }
}

const MARKS = { strong: "b", em: "i", del: "s" };

const drawnInline = (pieces: readonly Inline[]): string =>
  pieces
    .map((piece) => {
      switch (piece.kind) {
        case "text":
          return piece.text;
        case "code":
          return `{c:${piece.text}}`;
        case "mention":
          return piece.isMe ? `{me ${piece.text}}` : `{${piece.text}}`;
        case "link":
          return `{a ${piece.href}${piece.host === null ? "" : ` ${piece.host}`}:${drawnInline(piece.inside)}}`;
        default:
          return `{${MARKS[piece.kind]}:${drawnInline(piece.inside)}}`;
      }
    })
    .join("");
