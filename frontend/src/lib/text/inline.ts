/** One line of a message: bold, italic, strike, code, links and mentions. Pure and linear; see docs/text.md.
 *
 * The line is read once into pieces and delimiters, the delimiters are paired, and the pairs make the tree. */
import { AddressFinder, linkTarget, type LinkTarget } from "./addresses";
import { codeInside, endsOfCode, runLength, unescapedCode } from "./code-spans";
import { delimiterAt, makeTree, pairDelimiters, type Piece } from "./emphasis";
import type { Inline, Meter } from "./inline-tree";
import { mentionAt, type MentionNames } from "./mention-names";

export interface InlineContext {
  readonly names: MentionNames;
  readonly meter: Meter;
}

const SPECIAL = /[`*_~[@]|https?:\/\/|www\./i;

export function parseLine(line: string, context: InlineContext, canLink = true): Inline[] {
  context.meter.steps += 1;
  if (!SPECIAL.test(line)) return line === "" ? [] : [{ kind: "text", text: line }];
  const pieces = readPieces(line, context, canLink);
  return makeTree(pieces, pairDelimiters(pieces, line, context.meter), context.meter);
}

function readPieces(line: string, context: InlineContext, canLink: boolean): Piece[] {
  const { meter, names } = context;
  const pieces: Piece[] = [];
  const codeEnds = endsOfCode(line, meter);
  const labelEnds = canLink && line.includes("](") ? endsOfLabels(line, meter) : null;
  const addresses = new AddressFinder(line, meter);
  let textFrom = 0;
  let at = 0;
  const take = (piece: Piece, from: number, to: number) => {
    if (from > textFrom) pieces.push({ kind: "text", text: line.slice(textFrom, from) });
    pieces.push(piece);
    at = textFrom = to;
  };
  while (at < line.length) {
    meter.steps += 1;
    const unit = line.charAt(at);
    const isEscaped = line.charAt(at - 1) === "\\";
    if (unit === "`") {
      const length = runLength(line, at);
      const end = codeEnds.get(at);
      if (end === undefined) at += length;
      else if (isEscaped) take({ kind: "text", text: unescapedCode(line.slice(at, end)) }, at - 1, end);
      else take({ kind: "code", text: codeInside(line.slice(at + length, end - length)) }, at, end);
    } else if (unit === "*" || unit === "_" || unit === "~") {
      const length = runLength(line, at);
      const delimiter = delimiterAt(line, at, line.slice(at, at + length), isEscaped);
      if (delimiter === null) at += length;
      else take(delimiter, at - Number(isEscaped), at + length);
    } else if (unit === "[" && labelEnds !== null) {
      const found = linkAt(line, at, labelEnds.get(at), context);
      if (found === null) at += 1;
      else if (isEscaped) take({ kind: "text", text: "[" }, at - 1, at + 1);
      else take(found.link, at, found.end);
    } else if (unit === "@") {
      const mention = mentionAt(line, at, names, meter);
      if (mention === null) at += 1;
      else take(mention, at, at + mention.text.length);
    } else if (canLink && /[hw]/i.test(unit)) {
      const end = addresses.endFrom(at);
      const target = end === null ? null : linkTarget(line.slice(at, end));
      if (end === null) at += 1;
      else if (target === null) at = end;
      else take(addressLink(line.slice(at, end), target), at, end);
    } else at += 1;
  }
  if (line.length > textFrom) pieces.push({ kind: "text", text: line.slice(textFrom) });
  return pieces;
}

/** Maps each `[` to the `](` that is the next bracket. Labels contain no brackets. */
function endsOfLabels(line: string, meter: Meter): Map<number, number> {
  const ends = new Map<number, number>();
  let open: number | null = null;
  for (let at = 0; at < line.length; at += 1) {
    meter.steps += 1;
    const unit = line.charAt(at);
    if (unit === "[") open = at;
    else if (unit === "]") {
      if (open !== null && line.charAt(at + 1) === "(") ends.set(open, at);
      open = null;
    }
  }
  return ends;
}

function linkAt(line: string, from: number, labelEnd: number | undefined, context: InlineContext) {
  if (labelEnd === undefined) return null;
  const addressFrom = labelEnd + 2;
  let depth = 0;
  let at = addressFrom;
  // An address contains no square bracket and no space, so no part of the line is read for two links.
  for (; at < line.length && !/[\s[\]<>"]/.test(line.charAt(at)); at += 1) {
    context.meter.steps += 1;
    if (line.charAt(at) === "(") depth += 1;
    else if (line.charAt(at) === ")" && (depth -= 1) < 0) break;
  }
  if (line.charAt(at) !== ")") return null;
  const address = line.slice(addressFrom, at);
  const target = linkTarget(address);
  if (target === null) return null;
  const label = line.slice(from + 1, labelEnd).trim();
  const isAddress = label === address || label === target.href;
  const link: Inline =
    isAddress || !VISIBLE.test(label.replace(INVISIBLE, ""))
      ? addressLink(address, target)
      : { kind: "link", href: target.href, host: target.host, inside: parseLine(label, context, false) };
  return { link, end: at + 1 };
}

const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u2800]/gu;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

const addressLink = (address: string, target: LinkTarget): Inline => ({
  kind: "link",
  href: target.href,
  host: target.isPlain ? null : target.host,
  inside: [{ kind: "text", text: address }],
});
