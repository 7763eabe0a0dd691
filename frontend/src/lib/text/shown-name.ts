import { graphemesOf } from "@/lib/graphemes";
import { harmlessText } from "./harmless-text";

const NAME_MAX = 120;
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{C}\p{Z}\p{M}\u2800\s]/gu;

/** The name of a person or a room, for an element of its own (`bdi`); `placeholder` if nothing of it is visible. Never
 * throws. */
export function shownName(name: string, placeholder: string): string {
  try {
    const harmless = harmlessText(name.slice(0, NAME_MAX)).trim();
    return harmless.replace(UNSEEN, "") === "" ? placeholder : harmless;
  } catch {
    return placeholder;
  }
}

/** Same as `shownName`, for a name in a sentence: it does not reorder the words around it. */
export const nameInSentence = (name: string, placeholder: string): string =>
  isolated(shownName(name, placeholder));

/** The first character of a name, as a reader counts characters. */
export function initialOf(name: string): string {
  const [first] = graphemesOf(shownName(name, "?"));
  return first?.toUpperCase() ?? "?";
}

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\u{10800}-\u{10fff}\u{1e800}-\u{1efff}]/u;

/** A text that keeps its own direction within another one (FSI … PDI). Only right-to-left text needs that: sentences of
 * the page run from left to right. */
export const isolated = (text: string): string => (RIGHT_TO_LEFT.test(text) ? `\u2068${text}\u2069` : text);
