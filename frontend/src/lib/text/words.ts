/** What a message says without its marks: on one line of a list, and to whom. Pure. */
import { harmlessText } from "./harmless-text";
import { parseText, type Block, type Inline } from "./grammar";

/** A message on one line of a list: its words without their marks, at most so many UTF-16 units of them. */
export function plainLine(text: string, max = 200): string {
  const beginning = harmlessText(text.slice(0, 2 * max));
  return wordsOfBlocks(parseText(beginning)).trim().replace(/\s+/g, " ").slice(0, max);
}

/** Whether a text calls `nickname`: not from code, and not from what is quoted. */
export function mentions(text: string, nickname: string): boolean {
  if (nickname === "" || !text.toLowerCase().includes(`@${nickname.toLowerCase()}`)) return false;
  return parseText(text, nickname).some(callsMe);
}

function callsMe(block: Block): boolean {
  switch (block.kind) {
    case "paragraph":
      return block.inside.some(isMyName);
    case "list":
      return block.items.some((item) => item.inside.some(isMyName));
    case "code":
    case "quote":
      return false;
  }
}

const isMyName = (piece: Inline): boolean =>
  piece.kind === "mention" ? piece.isMe : "inside" in piece && piece.inside.some(isMyName);

function wordsOfBlocks(blocks: readonly Block[]): string {
  return blocks
    .map((block) => {
      switch (block.kind) {
        case "code":
          return block.text;
        case "quote":
          return wordsOfBlocks(block.inside);
        case "list":
          return block.items.map((item) => `${item.marker} ${wordsOf(item.inside)}`).join(" ");
        case "paragraph":
          return wordsOf(block.inside);
      }
    })
    .join(" ");
}

const wordsOf = (pieces: readonly Inline[]): string =>
  pieces.map((piece) => ("inside" in piece ? wordsOf(piece.inside) : piece.text)).join("");
