import { graphemesOf } from "@/lib/graphemes";

const EMOJI_MAX = 6;
const UNITS_MAX = 40 * EMOJI_MAX; // the longest emoji have 35; longer texts are not searched
// Signs such as © are emoji only with a variation selector.
const EMOJI =
  /^(?:(?![©®‼⁉™ℹ〰〽㊗㊙](?!\uFE0F))\p{Extended_Pictographic}(?!\uFE0E)|\p{Regional_Indicator}{2}|[0-9#*]\uFE0F?\u20E3)/u;

/** Whether a text is one to six emoji and nothing else. */
export function isOnlyEmoji(text: string): boolean {
  if (text.length > UNITS_MAX) return false;
  const shown = graphemesOf(text).filter((grapheme) => grapheme.trim() !== "");
  return shown.length > 0 && shown.length <= EMOJI_MAX && shown.every((grapheme) => EMOJI.test(grapheme));
}
