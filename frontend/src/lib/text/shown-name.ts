import { harmlessText } from "./harmless-text";

const NAME_MAX = 120;
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{C}\p{Z}\p{M}\u2800\s]/gu;

/** The name of a person or a room as it is shown; `placeholder` if nothing of it is visible. Never throws, because
 * sentences all over the app contain names. */
export function shownName(name: string, placeholder: string): string {
  try {
    const harmless = harmlessText(name.slice(0, NAME_MAX)).trim();
    return harmless.replace(UNSEEN, "") === "" ? placeholder : harmless;
  } catch {
    return placeholder;
  }
}
