/** Bold, italic and strike in one line: which marks open, which close, and which pairs are formatting. Pure; see
 * docs/text.md. Each kind of mark is open at most once, so emphasis is at most six levels deep. */
import { ALPHABETIC, pointAt, pointBefore } from "./code-points";
import { append, appendText, type Emphasis, type Inline, type Meter } from "./inline-tree";

export interface Delimiter {
  readonly kind: "delimiter";
  /** As typed: `*`, `**`, `***`, `_` or `~~`. */
  readonly marks: string;
  readonly at: number;
  readonly canOpen: boolean;
  readonly canClose: boolean;
  /** Opens after a letter, in a script that needs no space there. */
  readonly isInWord: boolean;
  readonly isEscaped: boolean;
}

export type Piece = Inline | Delimiter;

const EMPHASES: ReadonlyMap<string, readonly Emphasis[]> = new Map([
  ["*", ["em"]],
  ["_", ["em"]],
  ["**", ["strong"]],
  ["***", ["strong", "em"]],
  ["~~", ["del"]],
]);

const MARKS = /[*_~`]/;
const MARKS_MAX = 3;
const OPENS_AFTER = /[\s\p{Ps}\p{Pi}\p{Pf}"'*_~]/u;
const LEADS = /[\p{Ps}\p{Pi}\p{Pf}"'¿¡]/u;
const BEGINS = /[\p{L}\p{N}\p{Sc}\p{Extended_Pictographic}\p{Regional_Indicator}@#[]/u;
/** Further characters that bold may begin with: symbols, dashes, and punctuation of other scripts. */
const BEGINS_STRONG = /[+<=>±\p{So}\p{Pd}]|(?![\0-\x7f])[\p{Po}\p{Sm}]/u;
const LETTER_MODIFIER = /\p{Lm}/u;
const TRAILS = /(?![/\\@&#])[\p{Pe}\p{Pi}\p{Pf}\p{Pd}\p{Po}]/u;
const ENDS = /[\p{L}\p{N}\p{M}\p{S}#\u{e007f}]/u;
const IN_WORD = /(?!\ufe0f)[\p{L}\p{M}]/u;
const PUNCTUATION_RUN = 4;
const MARKS_OF_A_PATH = /(?:\/|[\w:]\\)[*_~`]{1,3}$/;
const FILE_ENDING = /^[*_]{0,3}\.[A-Za-z0-9]/;

/** The delimiter in the line at `at`; null if the run of marks cannot be one. */
export function delimiterAt(line: string, at: number, marks: string, isEscaped: boolean): Delimiter | null {
  if (marks.length > MARKS_MAX || !EMPHASES.has(marks)) return null;
  const from = isEscaped ? at - 1 : at;
  const to = at + marks.length;
  const previous = pointBefore(line, from);
  const next = pointAt(line, to);
  const isStrong = marks.startsWith("**");
  const opensOutside =
    previous === "" ||
    (OPENS_AFTER.test(previous) && !(isEscaped && MARKS.test(previous)) && !isInPath(line, from));
  const isInWord = isStrong && IN_WORD.test(previous) && !ALPHABETIC.test(previous);
  const opensHere = opensOutside || isInWord || (isStrong && opensAfterPunctuation(previous, next));
  return {
    kind: "delimiter",
    marks,
    at,
    canOpen: opensHere && beginsText(line, to, isStrong),
    canClose: closesBefore(next, marks, previous) && !isInFileName(line, to, marks) && endsText(line, from),
    isInWord,
    isEscaped,
  };
}

/** Bold may follow punctuation of other scripts at once (`」**重要**`). After ASCII punctuation it could be code
 * (`f(a,**kw)`), so only a sentence or a letter of another script may follow. */
function opensAfterPunctuation(previous: string, next: string): boolean {
  if (!/[\0-\x7f]/.test(previous)) return /[\p{P}\p{S}\ufe0f\u2460-\u24ff\u2776-\u2793]/u.test(previous);
  if (/[.:;!?]/.test(previous)) return /\p{L}/u.test(next) || !ALPHABETIC.test(next);
  return /[,)\]>}|-]/.test(previous) && !ALPHABETIC.test(next);
}

function closesBefore(next: string, marks: string, previous: string): boolean {
  if (marks === "_") return !/[\p{L}\p{N}\p{M}]/u.test(next);
  if (!marks.startsWith("**")) return !ALPHABETIC.test(next);
  return !(ALPHABETIC.test(next) && /[\0-\x7f]/.test(previous) && !ALPHABETIC.test(previous));
}

/** Whether marks follow a slash, as in `old/*_test_*`. */
const isInPath = (line: string, at: number): boolean =>
  MARKS_OF_A_PATH.test(line.slice(Math.max(0, at - MARKS_MAX - 2), at));

/** Whether an ending follows, as in `*_test_*.py`. */
const isInFileName = (line: string, at: number, marks: string): boolean =>
  marks.length === 1 && FILE_ENDING.test(line.slice(at, at + MARKS_MAX + 2));

/** Whether words begin at `from`, after opening punctuation and further marks. */
function beginsText(line: string, from: number, isStrong: boolean): boolean {
  let at = from;
  for (let skipped = 0; skipped < PUNCTUATION_RUN; skipped += 1) {
    const point = pointAt(line, at);
    if (!LEADS.test(point) && !MARKS.test(point)) break;
    at += point.length;
  }
  const point = pointAt(line, at);
  if (point === "$") return /\d/.test(line.charAt(at + 1)); // a price; `$name` is code
  if (point === ".") return isStrong && /[A-Za-z]/.test(line.charAt(at + 1)); // `.env`; `*.txt` is a pattern
  return (BEGINS.test(point) && !LETTER_MODIFIER.test(point)) || (isStrong && BEGINS_STRONG.test(point));
}

function endsText(line: string, to: number): boolean {
  let at = to;
  for (let skipped = 0; skipped < PUNCTUATION_RUN; skipped += 1) {
    const point = pointBefore(line, at);
    if (!TRAILS.test(point) && !MARKS.test(point)) break;
    at -= point.length;
  }
  const last = pointBefore(line, at);
  return at === to ? ENDS.test(last) : last.trim() !== "";
}

/** Which delimiters are formatting. */
export interface Pairs {
  /** Maps each opening delimiter to its closing one. */
  readonly closers: ReadonlyMap<Delimiter, Delimiter>;
  /** The two delimiters that a run of three marks stands for, as in `**a *b***`. */
  readonly halves: ReadonlyMap<Delimiter, readonly [Delimiter, Delimiter]>;
}

/** If two delimiters of one kind are open, the later one counts. */
export function pairDelimiters(pieces: readonly Piece[], line: string, meter: Meter): Pairs {
  const closers = new Map<Delimiter, Delimiter>();
  const halves = new Map<Delimiter, readonly [Delimiter, Delimiter]>();
  const halfClosed: Delimiter[] = [];
  let open: Delimiter[] = [];

  const opens = (delimiter: Delimiter) => {
    open = [...open.filter(({ marks }) => marks !== delimiter.marks), delimiter];
  };
  const closes = (closer: Delimiter): boolean => {
    const place = open.findIndex(({ marks, at }) => marks === closer.marks && at + marks.length < closer.at);
    const opener = open[place];
    if (opener === undefined) return false;
    const isPair = isFormatting(line, opener, closer);
    // An opener that does not pair here is dropped, so that no part of the line is read for it twice.
    open = isPair ? open.slice(0, place) : open.filter((one) => one !== opener);
    if (isPair) closers.set(opener, closer);
    return isPair;
  };
  /** `***` ends an italic and a bold part that began apart, the inner one first. */
  const closesTwo = (closer: Delimiter): boolean => {
    const [outer, inner] = open.filter(({ marks }) => marks === "*" || marks === "**");
    if (outer === undefined || inner === undefined || isAlphabeticAfter(line, closer)) return false;
    const both = split(closer, inner.marks, outer.marks);
    if (!closes(both[0])) return false;
    if (closes(both[1])) halves.set(closer, both);
    else closers.delete(inner);
    return halves.has(closer);
  };
  /** `***` began an italic and a bold part, and one of them ends here. */
  const closesHalf = (closer: Delimiter): boolean => {
    const opener = open.find(({ marks }) => marks === "***");
    if (opener === undefined || opener.isEscaped) return false;
    const both = split(opener, closer.marks === "*" ? "**" : "*", closer.marks);
    halves.set(opener, both);
    halfClosed.push(opener);
    open = open.filter((one) => one !== opener);
    both.forEach(opens);
    return closes(closer);
  };

  for (const piece of pieces) {
    if (piece.kind !== "delimiter") continue;
    meter.steps += 1 + open.length;
    const isSingle = piece.marks === "*" || piece.marks === "**";
    const isClosing =
      piece.canClose &&
      (closes(piece) || (piece.marks === "***" && closesTwo(piece)) || (isSingle && closesHalf(piece)));
    if (!isClosing && piece.canOpen) opens(piece);
  }
  for (const opener of halfClosed) {
    // Of three opening marks all are formatting, or none.
    const both = halves.get(opener) ?? [];
    if (both.every((half) => closers.has(half))) continue;
    for (const half of both) closers.delete(half);
    halves.delete(opener);
  }
  return { closers, halves };
}

const isAlphabeticAfter = (line: string, { at, marks }: Delimiter) =>
  ALPHABETIC.test(pointAt(line, at + marks.length));

const split = (run: Delimiter, first: string, second: string): [Delimiter, Delimiter] => [
  { ...run, marks: first },
  { ...run, marks: second, at: run.at + first.length },
];

const VISIBLE = /[\p{L}\p{N}\p{Extended_Pictographic}\p{Regional_Indicator}]/u;

/** Whether two marks are formatting, judged by what lies between them. */
function isFormatting(line: string, opener: Delimiter, closer: Delimiter): boolean {
  const content = line.slice(opener.at + opener.marks.length, closer.at);
  if (!VISIBLE.test(content)) return false;
  const next = pointAt(line, closer.at + closer.marks.length);
  if (opener.isEscaped && next === "\\") return false; // the path `\_temp_\x`
  if (opener.isInWord && !isOneWord(content)) return false;
  const previous = pointBefore(line, opener.at - Number(opener.isEscaped));
  return !isFace(content, opener.marks, previous, next);
}

const SEPARATOR = /[\s;:·/]|[,.](?=\D)/;
const BRACKETED = /^[\p{Ps}\p{Pi}"'].*[\p{Pe}\p{Pf}"']$/u;
const ENDS_A_WORD = /^[\p{Pe}\p{Pf},.;:!?，．、。；：！？]/u;

const HONORIFIC = /^(?:님|씨|様|氏|君|さん|先生)/;

/** `이것은**중요**합니다` is bold, but stars hide names in `김**님, 이**님`, `홍**(35)·김**(28)` and `张**，李**`. */
const isOneWord = (content: string) =>
  !HONORIFIC.test(content) &&
  !ENDS_A_WORD.test(content) &&
  (!SEPARATOR.test(content) || BRACKETED.test(content));

const FACE_MAX = 8; // units between the marks
const MOUTH = /^(?:[oO0uUvVwWωДдÄÖÜäöü]|[ㄱ-ㅣ]|[oO][wW_.][oO]|[uU][wW_.][uU]|[TQ][wW_.][TQ])$/;
const TWO_EYES = /^(?:([^\d\s])[_.]\1|([ㄱ-ㅣ])[ㄱ-ㅣ]?\2)$/u;
const HEAD = /^[(（][^()（）]{1,3}[)）]$/u;
const FACE_AT_THE_END = /^\S*[(（]([^\p{L}\p{N}\s()（）])\S{1,2}\1[)）]$/u;
const OPEN_FACE = /[(（][^()（）]+$/u;
const EYES_AND_MOUTHS = /[ωДд∀ᴗノﾉㄱ-ㅣ\p{Lm}]/gu;

/** Whether marks belong to an emoticon: `*ㅅ*`, `*ㅇ_ㅇ*`, `_(ツ)_`, `(*ノωノ*)`, `(*ᴗˬᴗ)ꕤ*`, `_φ(･_･`. */
function isFace(content: string, marks: string, previous: string, next: string): boolean {
  const isSingle = !marks.startsWith("**");
  if (isSingle && (MOUTH.test(content) || TWO_EYES.test(content) || HEAD.test(content))) return true;
  if (isSingle && closesMoreThanItOpens(content, "「", "」")) return true;
  if (isSingle && content.length <= FACE_MAX && (OPEN_FACE.test(content) || FACE_AT_THE_END.test(content)))
    return true;
  if (!/[(（]/.test(previous)) return false;
  if (closesMoreThanItOpens(content, "(（", ")）")) return true;
  if (content.length < 2 || content.length > FACE_MAX || !/[)）]/.test(next)) return false;
  return !/[\p{L}\p{N}\p{M}]{2}/u.test(content.replace(EYES_AND_MOUTHS, " "));
}

function closesMoreThanItOpens(content: string, opening: string, closing: string): boolean {
  let depth = 0;
  for (const unit of content) {
    if (opening.includes(unit)) depth += 1;
    else if (closing.includes(unit) && (depth -= 1) < 0) return true;
  }
  return false;
}

/** Delimiters that pair become emphasis, all others text. An escaped pair is text without its backslashes. */
export function makeTree(pieces: readonly Piece[], { closers, halves }: Pairs, meter: Meter): Inline[] {
  const openers = new Map([...closers].map(([opener, closer]) => [closer, opener]));
  const levels: Inline[][] = [[]];
  const current = () => levels.at(-1) ?? [];
  const parts = pieces.flatMap((piece) =>
    piece.kind === "delimiter" ? (halves.get(piece) ?? piece) : piece,
  );
  for (const piece of parts) {
    meter.steps += 1;
    if (piece.kind !== "delimiter") {
      append(current(), piece);
      continue;
    }
    const partner = closers.get(piece) ?? openers.get(piece);
    if (partner === undefined) appendText(current(), (piece.isEscaped ? "\\" : "") + piece.marks);
    else if (piece.isEscaped || partner.isEscaped) appendText(current(), piece.marks);
    else if (closers.has(piece)) levels.push([]);
    else {
      const inside = levels.pop() ?? [];
      const kinds = EMPHASES.get(piece.marks) ?? [];
      const emphasised = kinds.reduceRight<readonly Inline[]>((all, kind) => [{ kind, inside: all }], inside);
      emphasised.forEach((made) => append(current(), made));
    }
  }
  return levels[0] ?? [];
}
