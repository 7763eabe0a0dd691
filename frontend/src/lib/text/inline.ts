/** One line of a message: bold, italic, strike, code, links and mentions. Pure and linear; see docs/text.md.
 *
 * The line is read once into pieces and delimiters, the delimiters are paired, and the pairs make the tree. Each kind
 * of delimiter is open at most once, so the tree is at most four levels deep, and a link's label has one more. */
import { addressAt, linkTarget } from "./addresses";

export type Inline =
  | { readonly kind: "text" | "code"; readonly text: string }
  | { readonly kind: Emphasis; readonly inside: readonly Inline[] }
  | {
      readonly kind: "link";
      readonly href: string;
      /** Where the link leads, where its words do not say exactly that. */
      readonly host: string | null;
      readonly inside: readonly Inline[];
    }
  | { readonly kind: "mention"; readonly text: string; readonly isMe: boolean };

type Emphasis = "strong" | "em" | "del";

/** Counts what the parser does, so that tests can hold it to a line. */
export interface Meter {
  steps: number;
}

export interface Reader {
  /** Whom mentions may mean; empty for nobody. */
  readonly nickname: string;
  readonly meter: Meter;
}

interface Delimiter {
  readonly kind: "delimiter";
  /** As typed: `*`, `**`, `***`, `_` or `~~`. */
  readonly marks: string;
  readonly at: number;
  readonly canOpen: boolean;
  readonly canClose: boolean;
  /** Opens inside a word of a script without spaces: only what has no spaces may follow. */
  readonly isInWord: boolean;
  readonly isEscaped: boolean;
}

type Piece = Inline | Delimiter;

const EMPHASES: ReadonlyMap<string, readonly Emphasis[]> = new Map([
  ["*", ["em"]],
  ["_", ["em"]],
  ["**", ["strong"]],
  ["***", ["strong", "em"]],
  ["~~", ["del"]],
]);
const SPECIAL = /[`*_~[@]|https?:\/\/|www\./i;
const MENTION_MAX = 32;

export function parseLine(line: string, reader: Reader, canLink = true): Inline[] {
  reader.meter.steps += 1;
  if (!SPECIAL.test(line)) return line === "" ? [] : [{ kind: "text", text: line }];
  const pieces = readPieces(line, reader, canLink);
  return makeTree(pieces, pairDelimiters(pieces, line, reader.meter), reader.meter);
}

/** Add a piece to others; text joins text. */
export function append(pieces: Inline[], piece: Inline): void {
  const last = pieces.at(-1);
  if (piece.kind === "text" && last?.kind === "text") {
    pieces[pieces.length - 1] = { kind: "text", text: last.text + piece.text };
  } else pieces.push(piece);
}

export const addText = (pieces: Inline[], text: string): void => append(pieces, { kind: "text", text });

function readPieces(line: string, reader: Reader, canLink: boolean): Piece[] {
  const { meter } = reader;
  const pieces: Piece[] = [];
  const codeEnds = endsOfCode(line, meter);
  const labelEnds = canLink && line.includes("](") ? endsOfLabels(line, meter) : null;
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
      else if (isEscaped) take({ kind: "text", text: line.slice(at, end) }, at - 1, end);
      else take({ kind: "code", text: codeInside(line.slice(at + length, end - length)) }, at, end);
    } else if (unit === "*" || unit === "_" || unit === "~") {
      const length = runLength(line, at);
      const marks = line.slice(at, at + length);
      if (length > 3 || !EMPHASES.has(marks)) at += length;
      else take(delimiterAt(line, at, marks, isEscaped), at - Number(isEscaped), at + length);
    } else if (unit === "[" && labelEnds !== null) {
      const found = linkAt(line, at, labelEnds.get(at), reader);
      if (found === null) at += 1;
      else if (isEscaped) take({ kind: "text", text: "[" }, at - 1, at + 1);
      else take(found.link, at, found.end);
    } else if (unit === "@") {
      const found = mentionAt(line, at, reader);
      if (found === null) at += 1;
      else take(found, at, at + found.text.length);
    } else if (canLink && /[hw]/i.test(unit)) {
      const end = addressAt(line, at, meter);
      const target = end === null ? null : linkTarget(line.slice(at, end));
      if (end === null) at += 1;
      else if (target === null) at = end;
      else take(addressLink(line.slice(at, end), target), at, end);
    } else at += 1;
  }
  if (line.length > textFrom) pieces.push({ kind: "text", text: line.slice(textFrom) });
  return pieces;
}

function runLength(line: string, from: number): number {
  let at = from + 1;
  while (line.charCodeAt(at) === line.charCodeAt(from)) at += 1;
  return at - from;
}

/** For each run of backticks that begins code, the end of the run of the same length that ends it. */
function endsOfCode(line: string, meter: Meter): Map<number, number> {
  const runs: { at: number; length: number }[] = [];
  for (let at = line.indexOf("`"); at !== -1; at = line.indexOf("`", at)) {
    meter.steps += 1;
    const length = runLength(line, at);
    runs.push({ at, length });
    at += length;
  }
  const next = new Map<number, number>(); // length → the nearest later run of it
  const partner = runs.map(() => -1);
  for (let index = runs.length - 1; index >= 0; index -= 1) {
    const length = runs[index]?.length ?? 0;
    partner[index] = next.get(length) ?? -1;
    next.set(length, index);
  }
  const ends = new Map<number, number>();
  for (let index = 0; index < runs.length; index += 1) {
    const run = runs[index];
    const other = runs[partner[index] ?? -1];
    if (run === undefined || other === undefined) continue;
    ends.set(run.at, other.at + other.length);
    index = partner[index] ?? index;
  }
  return ends;
}

/** Code as typed, without the one space on either side that lets it begin or end with a backtick. */
const codeInside = (text: string) =>
  text.startsWith(" ") && text.endsWith(" ") && text.trim() !== "" ? text.slice(1, -1) : text;

/** For each `[` whose next bracket is `](`: where that is. Labels hold no brackets. */
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

function linkAt(line: string, from: number, labelEnd: number | undefined, reader: Reader) {
  if (labelEnd === undefined) return null;
  const addressFrom = labelEnd + 2;
  let depth = 0;
  let at = addressFrom;
  // An address holds no bracket and no space, so no part of the line is read for two links.
  for (; at < line.length && !/[\s[\]<>"]/.test(line.charAt(at)); at += 1) {
    reader.meter.steps += 1;
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
      : { kind: "link", href: target.href, host: target.host, inside: parseLine(label, reader, false) };
  return { link, end: at + 1 };
}

const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\u2800]/gu;
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u;

const addressLink = (address: string, target: NonNullable<ReturnType<typeof linkTarget>>): Inline => ({
  kind: "link",
  href: target.href,
  host: target.isPlain ? null : target.host,
  inside: [{ kind: "text", text: address }],
});

/** The reader's whole name, else the word after the sign. Never inside a word or an address of mail. */
function mentionAt(line: string, from: number, { nickname, meter }: Reader) {
  if (WORD.test(before(line, from))) return null;
  const end = from + 1 + nickname.length;
  const named = line.slice(from, end);
  if (nickname !== "" && named.toLowerCase() === `@${nickname.toLowerCase()}` && endsName(line, end)) {
    return { kind: "mention", text: named, isMe: true } as const;
  }
  let at = from + 1;
  for (let count = 0; count < MENTION_MAX && at < line.length; count += 1) {
    meter.steps += 1;
    const point = after(line, at);
    if (!WORD.test(point) && !(/[.-]/.test(point) && WORD.test(after(line, at + 1)))) break;
    at += point.length;
  }
  return at === from + 1 ? null : ({ kind: "mention", text: line.slice(from, at), isMe: false } as const);
}

const WORD = /[\p{L}\p{M}\p{N}_\u200c\u200d]/u;
/** A name may be followed by a particle of another script (`@Ann님`), not by more of a Latin word. */
const endsName = (line: string, at: number) => !/[a-z0-9_]|\p{M}/iu.test(after(line, at));

// Where emphasis may begin and end.

const TIGHT = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}_]/u;
const MARKS = /[*_~`]/;
const OPENS_BEFORE = /[\s\p{Ps}\p{Pi}"'*_~]/u;
const LEADS = /[\p{Ps}\p{Pi}"']/u;
const BEGINS = /[\p{L}\p{N}\p{Sc}\p{Extended_Pictographic}@#[]/u;
const LETTER_MODIFIER = /\p{Lm}/u;
const TRAILS = /[\p{Pe}\p{Pf}"'.,!?:;%…。、！？：；\])]/u;
const ENDS = /[\p{L}\p{N}\p{M}\p{Sc}\p{Extended_Pictographic}+#\uFE0F]/u;
const PUNCTUATION_RUN = 4;

function delimiterAt(line: string, at: number, marks: string, isEscaped: boolean): Delimiter {
  const from = isEscaped ? at - 1 : at;
  const previous = before(line, from);
  const next = after(line, at + marks.length);
  const isStrong = marks.length > 1 && marks !== "~~";
  const opensStrictly = previous === "" || OPENS_BEFORE.test(previous);
  const isInWord = !opensStrictly && isStrong && !TIGHT.test(previous) && !/[\\/]/.test(previous);
  return {
    kind: "delimiter",
    marks,
    at,
    canOpen: (opensStrictly || isInWord) && beginsText(line, at + marks.length),
    canClose: (isStrong || !TIGHT.test(next)) && endsText(line, from),
    isInWord,
    isEscaped,
  };
}

/** Whether words begin here, after opening punctuation and further marks. */
function beginsText(line: string, from: number): boolean {
  let at = from;
  for (let skipped = 0; skipped < PUNCTUATION_RUN; skipped += 1) {
    const point = after(line, at);
    if (!LEADS.test(point) && !MARKS.test(point)) break;
    at += point.length;
  }
  const point = after(line, at);
  return BEGINS.test(point) && !LETTER_MODIFIER.test(point);
}

function endsText(line: string, to: number): boolean {
  let at = to;
  for (let skipped = 0; skipped < PUNCTUATION_RUN; skipped += 1) {
    const point = before(line, at);
    if (!TRAILS.test(point) && !MARKS.test(point)) break;
    at -= point.length;
  }
  const last = before(line, at);
  return at === to ? ENDS.test(last) : last.trim() !== "";
}

/** The code point that ends before `at`, or an empty text. */
function before(line: string, at: number): string {
  if (at <= 0) return "";
  const unit = line.charCodeAt(at - 1);
  return line.slice(unit >= 0xdc00 && unit <= 0xdfff && at > 1 ? at - 2 : at - 1, at);
}

function after(line: string, at: number): string {
  const point = line.codePointAt(at);
  return point === undefined ? "" : String.fromCodePoint(point);
}

/** For each opening delimiter's index the index of its closing one. A later opening of a kind replaces an earlier. */
function pairDelimiters(pieces: readonly Piece[], line: string, meter: Meter): Map<number, number> {
  const pairs = new Map<number, number>();
  let open: { index: number; delimiter: Delimiter }[] = [];
  pieces.forEach((piece, index) => {
    if (piece.kind !== "delimiter") return;
    meter.steps += 1 + open.length;
    const begun = open.findIndex(
      ({ delimiter }) => delimiter.marks === piece.marks && delimiter.at + piece.marks.length < piece.at,
    );
    const opener = open[begun];
    if (piece.canClose && opener !== undefined) {
      const isPair = mayHold(line, opener.delimiter, piece);
      // What does not pair here never will: it is dropped, so that no part of the line is read for it twice.
      open = isPair ? open.slice(0, begun) : open.filter((begin) => begin !== opener);
      if (isPair) {
        pairs.set(opener.index, index);
        return;
      }
    }
    if (piece.canOpen) {
      open = [
        ...open.filter(({ delimiter }) => delimiter.marks !== piece.marks),
        { index, delimiter: piece },
      ];
    }
  });
  return pairs;
}

const FACE_MAX = 8;

/** What lies between two delimiters may rule them out: `김**님, 이**님` hides names, `(*ノ▽ノ*)` is a face. */
function mayHold(line: string, opener: Delimiter, closer: Delimiter): boolean {
  const from = opener.at + opener.marks.length;
  if (opener.isInWord && !LEADS.test(after(line, from)) && /\s/.test(line.slice(from, closer.at)))
    return false;
  const isInBrackets = /[(（]/.test(before(line, opener.at)) && /[)）]/.test(after(line, closer.at + 1));
  const isShort = closer.at - from <= FACE_MAX;
  return !(isInBrackets && isShort && /[^\p{L}\p{N}\s]/u.test(line.slice(from, closer.at)));
}

/** Delimiters that pair become emphasis, all others text. An escaped pair is text without its backslashes. */
function makeTree(pieces: readonly Piece[], pairs: ReadonlyMap<number, number>, meter: Meter): Inline[] {
  const closes = new Map([...pairs].map(([opener, closer]) => [closer, opener]));
  const levels: { opener: Delimiter | null; inside: Inline[] }[] = [{ opener: null, inside: [] }];
  const here = () => levels.at(-1)?.inside ?? [];
  pieces.forEach((piece, index) => {
    meter.steps += 1;
    if (piece.kind !== "delimiter") {
      append(here(), piece);
      return;
    }
    const partner = pieces[pairs.get(index) ?? closes.get(index) ?? -1];
    if (partner?.kind !== "delimiter") addText(here(), (piece.isEscaped ? "\\" : "") + piece.marks);
    else if (piece.isEscaped || partner.isEscaped) addText(here(), piece.marks);
    else if (pairs.has(index)) levels.push({ opener: piece, inside: [] });
    else {
      const { inside } = levels.pop() ?? { inside: [] };
      const kinds = EMPHASES.get(piece.marks) ?? [];
      const emphasised = kinds.reduceRight<readonly Inline[]>((all, kind) => [{ kind, inside: all }], inside);
      emphasised.forEach((made) => append(here(), made));
    }
  });
  return levels[0]?.inside ?? [];
}
