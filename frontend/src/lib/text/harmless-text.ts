/** User text without characters that would draw over other text. */

const MARKS_MAX = 4;
const STACKED_MARKS = new RegExp(`(\\p{M}{${MARKS_MAX}})\\p{M}+`, "gu");
const BIDI_OVERRIDES = /[\u202a-\u202e\u2066-\u2069]/g;

/** At most four combining marks on a letter, no overrides of the writing direction. */
export function harmlessText(text: string): string {
  return text.replace(STACKED_MARKS, "$1").replace(BIDI_OVERRIDES, "");
}
