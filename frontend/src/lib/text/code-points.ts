/** Code points around a position in a text, and the letters that belong to the same word without a space. */

/** The code point that ends before `at`; empty at the start. */
export function pointBefore(text: string, at: number): string {
  if (at <= 0) return "";
  const unit = text.charCodeAt(at - 1);
  return text.slice(unit >= 0xdc00 && unit <= 0xdfff && at > 1 ? at - 2 : at - 1, at);
}

/** The code point that begins at `at`; empty at the end. */
export function pointAt(text: string, at: number): string {
  const point = text.codePointAt(at);
  return point === undefined ? "" : String.fromCodePoint(point);
}

/** A character of a Latin, Greek or Cyrillic word: spaces separate such words, and no particle follows them. */
export const ALPHABETIC = /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{N}_]/u;

/** Scripts that write without spaces, or attach particles to a name (`@Ann님`). */
export const UNSPACED =
  /[\p{scx=Hangul}\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Bopomofo}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}\p{scx=Tibetan}]/u;
