/** Mentions in a line: `@` and a nickname of the room, or `@` and a word. Pure. */
import { ALPHABETIC, pointAt, pointBefore, UNSPACED } from "./code-points";
import type { Inline, Meter } from "./inline-tree";

const WORD_MAX = 32; // code points, as a nickname has at most

/** Names and texts that differ in case only, Turkish İ and ı included, or in what a keyboard replaces (’ for ', no-break
 * spaces), count as equal. */
export const foldedName = (name: string): string =>
  name
    .toLowerCase()
    .replace(/i\u0307|ı/g, "i")
    .replace(/[\u2019\u02bc]/g, "'")
    .replaceAll("\u00a0", " ");

/** The nicknames that a mention may mean: the reader's own, and others of the room. */
export class MentionNames {
  readonly #own: string;
  readonly #names = new Set<string>(); // folded
  readonly #lengths = new Map<string, number[]>(); // by first character, longest first

  constructor(own: string, others: Iterable<string> = []) {
    this.#own = foldedName(own);
    this.#add(own);
    for (const name of others) this.#add(name);
    for (const lengths of this.#lengths.values()) lengths.sort((a, b) => b - a);
  }

  #add(name: string): void {
    if (name === "" || this.#names.has(foldedName(name))) return;
    this.#names.add(foldedName(name));
    const first = foldedName(name.charAt(0));
    const lengths = this.#lengths.get(first) ?? [];
    if (!lengths.includes(name.length)) this.#lengths.set(first, [...lengths, name.length]);
  }

  isOwn = (name: string): boolean => this.#own !== "" && foldedName(name) === this.#own;

  /** The longest known name that is the whole name at `from`; null for none. */
  longestAt(line: string, from: number, meter: Meter): string | null {
    for (const length of this.#lengths.get(foldedName(line.charAt(from))) ?? []) {
      meter.steps += 1;
      const name = line.slice(from, from + length);
      if (this.#names.has(foldedName(name)) && endsName(line, from + length)) return name;
    }
    return null;
  }
}

export const NO_NAMES = new MentionNames("");

/** Whether a name may end before `at`. A particle or punctuation may follow it, more of its word may not. */
function endsName(line: string, at: number): boolean {
  const next = pointAt(line, at);
  if (next === "_") return !ALPHABETIC.test(pointAt(line, at + 1));
  if (/[\p{M}\p{N}\u200d]/u.test(next)) return false;
  if (/\p{L}/u.test(next)) return UNSPACED.test(next);
  return !(/[.-]/.test(next) && ALPHABETIC.test(pointAt(line, at + 1)));
}

/** Whether an `@` at this place may begin a mention: not in a Latin word or an e-mail address. */
export function mayBeginMention(line: string, at: number): boolean {
  const word = line.charAt(at - 1) === "_" ? at - 1 : at; // in `_@Ann_` the mark is no letter
  return !ALPHABETIC.test(pointBefore(line, word));
}

const WORD = /[\p{L}\p{M}\p{N}_\u200c\u200d]/u;

/** The mention that begins with the `@` at `from`: the longest known name, else the word. */
export function mentionAt(
  line: string,
  from: number,
  names: MentionNames,
  meter: Meter,
): Extract<Inline, { kind: "mention" }> | null {
  if (!mayBeginMention(line, from)) return null;
  const name = names.longestAt(line, from + 1, meter);
  if (name !== null) return { kind: "mention", text: `@${name}`, isMe: names.isOwn(name) };
  let to = from + 1;
  for (let count = 0; count < WORD_MAX; count += 1) {
    meter.steps += 1;
    const point = pointAt(line, to);
    if (!WORD.test(point) && !(/[.-]/.test(point) && WORD.test(pointAt(line, to + 1)))) break;
    to += point.length;
  }
  const text = line.slice(from, to);
  // `@_@` is a face, `@ann@social.example` an address, `@types/node` a package.
  const isPartOfMore = pointAt(line, to) === "@" || /^\/[\p{L}\p{N}]/u.test(line.slice(to, to + 2));
  return /[\p{L}\p{N}]/u.test(text) && !isPartOfMore ? { kind: "mention", text, isMe: false } : null;
}
