import { harmlessText } from "./harmless-text";

const NAME_MAX = 120;
const UNSEEN = /[\p{Default_Ignorable_Code_Point}\p{C}\p{Z}\p{M}\u2800\s]/gu;

/** A name of a person or a room as it is shown: `placeholder` where nothing of it can be seen. Never throws: it stands in
 * sentences all over the page. */
export function shownName(name: string, placeholder: string): string {
  try {
    const harmless = harmlessText(name.slice(0, NAME_MAX)).trim();
    return harmless.replace(UNSEEN, "") === "" ? placeholder : harmless;
  } catch {
    return placeholder;
  }
}
