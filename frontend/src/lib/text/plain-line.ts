import { parseText, type Block, type Inline } from "./grammar";
import { harmlessText } from "./harmless-text";

const HALF_CHARACTER = /[\ud800-\udbff]$/;

/** A message on one line of a list: its words without marks, at most `max` UTF-16 units. */
export function plainLine(text: string, max = 200): string {
  const beginning = harmlessText(text.slice(0, 2 * max));
  const line = textOfBlocks(parseText(beginning)).trim().replace(/\s+/g, " ");
  return line.slice(0, max).replace(HALF_CHARACTER, "");
}

function textOfBlocks(blocks: readonly Block[]): string {
  return blocks
    .map((block) => {
      switch (block.kind) {
        case "code":
          return block.text;
        case "quote":
          return textOfBlocks(block.inside);
        case "list":
          return block.items.map((item) => `${item.marker} ${textOf(item.inside)}`).join(" ");
        case "paragraph":
          return textOf(block.inside);
      }
    })
    .join(" ");
}

const textOf = (pieces: readonly Inline[]): string =>
  pieces.map((piece) => ("inside" in piece ? textOf(piece.inside) : piece.text)).join("");
