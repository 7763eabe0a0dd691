/** Decides what a message looks like: text in, a small tree out. Pure, linear in the text, specified in docs/text.md.
 *
 * Plain text is the default: a character is formatting only where it was clearly meant as such.
 * The tree is at most QUOTE_LEVELS + 1 blocks and five inline levels deep for any text. */
import { parseLine, type InlineContext } from "./inline";
import { append, appendText, type Inline, type Meter } from "./inline-tree";
import { NO_NAMES, type MentionNames } from "./mention-names";

export type { Inline };

export const QUOTE_LEVELS = 5; // further levels are text
const TEXT_MAX = 16_000; // in UTF-16 units; the server takes 4,000 code points. The rest is one piece of plain text

export type Block =
  | { readonly kind: "paragraph"; readonly inside: readonly Inline[] }
  | {
      readonly kind: "code";
      /** As typed after the opening fence; empty for none. */
      readonly language: string;
      readonly text: string;
    }
  | { readonly kind: "quote"; readonly inside: readonly Block[] }
  | { readonly kind: "list"; readonly items: readonly ListItem[] };

export interface ListItem {
  /** As typed: `-`, `*`, `3.` */
  readonly marker: string;
  readonly level: number;
  readonly inside: readonly Inline[];
}

/** Parse a message. `names` are the nicknames that mentions may mean. Never throws. */
export function parseText(
  text: string,
  names: MentionNames = NO_NAMES,
  meter: Meter = { steps: 0 },
): Block[] {
  const lines = text.slice(0, TEXT_MAX).split("\n");
  const blocks = parseBlocks(lines, 0, { names, meter });
  const rest = text.slice(TEXT_MAX);
  if (rest !== "") blocks.push({ kind: "paragraph", inside: [{ kind: "text", text: rest }] });
  return blocks;
}

// Blocks: fences, quotes, lists, and paragraphs of all other lines.

const FENCE = /^ {0,3}```(?!.*```)/;
const FENCE_LANGUAGE = /^[\w+#.-]{0,20}$/;
const LIST_ITEM = /^( {0,8})([-*]|\d{1,9}[.)]) +(?=\S)/;

function parseBlocks(lines: readonly string[], level: number, context: InlineContext): Block[] {
  const blocks: Block[] = [];
  const fenceEnds = endsOfFences(lines, context.meter);
  let paragraph: Inline[] = [];
  const closeParagraph = () => {
    if (paragraph.length > 0) blocks.push({ kind: "paragraph", inside: paragraph });
    paragraph = [];
  };
  let textUntil = 0; // lines before this one are no quote; remembered so that each is checked only once
  let at = 0;
  while (at < lines.length) {
    context.meter.steps += 1;
    const line = lines[at] ?? "";
    const fenceEnd = FENCE.test(line) ? fenceEnds[at] : undefined;
    const code = fenceEnd === undefined ? null : codeBetween(lines.slice(at, fenceEnd + 1));
    if (fenceEnd !== undefined && code !== null && code.text.trim() !== "") {
      closeParagraph();
      blocks.push({ kind: "code", ...code });
      at = fenceEnd + 1;
      continue;
    }
    const quoted = level < QUOTE_LEVELS && at >= textUntil ? quotedLines(lines, at, context.meter) : [];
    if (quoted.some(isWorthQuoting)) {
      closeParagraph();
      blocks.push({ kind: "quote", inside: parseBlocks(quoted, level + 1, context) });
      at += quoted.length;
      continue;
    }
    textUntil = Math.max(textUntil, at + quoted.length);
    const items = listItems(lines, at, context);
    if (items.length > 0) {
      closeParagraph();
      blocks.push({ kind: "list", items });
      at += items.length;
      continue;
    }
    if (line.trim() === "") closeParagraph();
    else {
      if (paragraph.length > 0) appendText(paragraph, "\n");
      for (const piece of parseLine(unescapedQuote(line), context)) append(paragraph, piece);
    }
    at += 1;
  }
  closeParagraph();
  return blocks;
}

/** Maps each line to the next later line that ends a fence. */
function endsOfFences(lines: readonly string[], meter: Meter): (number | undefined)[] {
  const ends: (number | undefined)[] = new Array<undefined>(lines.length);
  let next: number | undefined;
  for (let at = lines.length - 1; at >= 0; at -= 1) {
    meter.steps += 1;
    ends[at] = next;
    if (lines[at]?.trimEnd().endsWith("```")) next = at;
  }
  return ends;
}

function codeBetween(lines: readonly string[]): { language: string; text: string } {
  const first = (lines[0] ?? "").trimStart().slice(3);
  const last = (lines.at(-1) ?? "").trimEnd().slice(0, -3);
  const inside = lines.slice(1, -1);
  const isLanguage = FENCE_LANGUAGE.test(first.trim());
  if (!isLanguage) inside.unshift(first);
  if (last.trim() !== "") inside.push(last);
  return { language: isLanguage ? first.trim() : "", text: inside.join("\n") };
}

/** The lines from `from` on that begin with a quote mark, without one level of marks. */
function quotedLines(lines: readonly string[], from: number, meter: Meter): string[] {
  const quoted: string[] = [];
  for (let at = from; at < lines.length; at += 1) {
    meter.steps += 1;
    const inside = withoutQuoteMark(lines[at] ?? "");
    if (inside === null) break;
    quoted.push(inside);
  }
  return quoted;
}

/** Faces: `> <`, `> _ <;;`, `> o <`. */
const EYES = /^> {0,3}(?:[._^;-]{0,3} {0,3}<[^>]*|[oO0wWuUvVxX3ωㅂㅅㅇㅁ] {0,3}<\W*)$/;
const PYTHON_PROMPT = ">>> ";

/** A few marks alone are text. */
const isWorthQuoting = (line: string) => /[^>\s]/.test(line) || line.length > QUOTE_LEVELS;

/** `>` quotes before a space, before further marks and at the end of a line; `>_<` is a face. */
function withoutQuoteMark(line: string): string | null {
  if (!line.startsWith(">") || line.startsWith(PYTHON_PROMPT) || EYES.test(line)) return null;
  let at = 1;
  while (line[at] === ">" && at < QUOTE_LEVELS) at += 1;
  if (at < line.length && line[at] !== " " && line[at] !== ">") return null;
  return line.slice(line[1] === " " ? 2 : 1);
}

const unescapedQuote = (line: string) =>
  line.startsWith("\\>") && withoutQuoteMark(line.slice(1)) !== null ? line.slice(1) : line;

/** At least two items that follow each other: a lone `- yes` or `2026.` is text. Numbers count up. */
function listItems(lines: readonly string[], from: number, context: InlineContext): ListItem[] {
  const items: { marker: string; level: number; text: string }[] = [];
  for (let at = from; at < lines.length; at += 1) {
    context.meter.steps += 1;
    const line = lines[at] ?? "";
    const [mark, indent = "", marker = ""] = LIST_ITEM.exec(line) ?? [];
    if (mark === undefined || !follows(items.at(-1)?.marker, marker)) break;
    items.push({ marker, level: Math.min(3, indent.length >> 1), text: line.slice(mark.length) });
  }
  if (items.length < 2) return [];
  return items.map(({ marker, level, text }) => ({ marker, level, inside: parseLine(text, context) }));
}

function follows(before: string | undefined, marker: string): boolean {
  if (before === undefined) return true;
  if (marker === "-" || marker === "*") return before === marker;
  return parseInt(marker, 10) === parseInt(before, 10) + 1;
}

/** The beginning of a message, at most about `maxUnits` UTF-16 units and `maxLines` lines: a folded message costs little. */
export function beginningOf(blocks: readonly Block[], maxUnits: number, maxLines: number): Block[] {
  return cutBlocks(blocks, { units: maxUnits, lines: maxLines });
}

/** The remaining units and lines to draw. */
interface Budget {
  units: number;
  lines: number;
}

function cutBlocks(blocks: readonly Block[], budget: Budget): Block[] {
  return takeWithin(blocks, budget, (block) => {
    budget.lines -= 1;
    switch (block.kind) {
      case "code":
        return { ...block, text: cutText(block.text, budget) };
      case "quote":
        return { ...block, inside: cutBlocks(block.inside, budget) };
      case "list":
        return {
          ...block,
          items: takeWithin(block.items, budget, (item) => {
            budget.lines -= 1;
            return { ...item, inside: cutInline(item.inside, budget) };
          }),
        };
      case "paragraph":
        return { ...block, inside: cutInline(block.inside, budget) };
    }
  });
}

function cutInline(pieces: readonly Inline[], budget: Budget): Inline[] {
  return takeWithin(pieces, budget, (piece) => {
    budget.units -= 1; // an element costs more than its text
    if ("inside" in piece) return { ...piece, inside: cutInline(piece.inside, budget) };
    return { ...piece, text: cutText(piece.text, budget) };
  });
}

function cutText(text: string, budget: Budget): string {
  const lines = text.slice(0, Math.max(0, budget.units)).split("\n", budget.lines + 1);
  const kept = lines.join("\n");
  budget.units -= kept.length;
  budget.lines -= lines.length - 1;
  return /[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept;
}

function takeWithin<T>(all: readonly T[], budget: Budget, cut: (one: T) => T): T[] {
  const kept: T[] = [];
  for (const one of all) {
    if (budget.units <= 0 || budget.lines < 0) break;
    kept.push(cut(one));
  }
  return kept;
}
