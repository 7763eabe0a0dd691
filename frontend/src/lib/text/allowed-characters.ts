/** Which characters a message and a name may contain. The servers have the same rules (chat_server/text); vectors for
 * both are in tests/contract/allowed_characters.json. Reserved names and mixed scripts are checked by the server only. */

import { graphemesOf } from "@/lib/graphemes";

/** Combining marks in a row. Source: UAX #15, "Stream-Safe Text Format". */
export const MARKS_MAX = 30;

/** Why the server would refuse a text. `character` is a code such as U+200B; `remove` counts characters as people do. */
export type TextProblem =
  | { readonly kind: "empty" }
  | { readonly kind: "character"; readonly character: string }
  | { readonly kind: "marks"; readonly max: number }
  | { readonly kind: "length"; readonly max: number; readonly remove: number };

const LINE_BREAK = /\r\n|[\r\v\f\u0085\u2028\u2029]/g;
// Control sequences, such as colours; titles and links up to their end; character sets. Source: ECMA-48.
const TERMINAL_SEQUENCE =
  /(?:\u001b\[|\u009b)[0-?]{0,64}[ -/]{0,8}[@-~]|\u001b\][^\u0007\u001b\n]{0,256}(?:\u0007|\u001b\\)|\u001b[ -/]{1,8}[0-~]/g;
const REFUSED = /[\0-\b\v-\u001f\u007f-\u009f\p{Cs}\p{Noncharacter_Code_Point}]/u;
const ALL_REFUSED = new RegExp(REFUSED, "gu");
const VISIBLE =
  /[^\p{White_Space}\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cs}\p{M}\u2800\ufff9-\ufffb\u{13430}-\u{1343f}]/u;
const MARKS = new RegExp(`(\\p{M}{${MARKS_MAX}})\\p{M}+`, "gu");
const DIRECTION_CONTROL = /[\n\u202a-\u202e\u2066-\u2069]/g;
const POP_EMBEDDING = "\u202c";
const POP_ISOLATE = "\u2069";

const EMOJI =
  "[\\u00a9\\u00ae\\u203c\\u2049\\u2122\\u2139\\u2194-\\u21aa\\u231a-\\u23ff\\u24c2\\u25aa-\\u27bf\\u2934\\u2935\\u2b05-\\u2b55" +
  "\\u3030\\u303d\\u3297\\u3299\\u{1f000}-\\u{1faff}]";
const EMOJI_ELEMENT = `${EMOJI}[\\ufe0e\\ufe0f\\u{1f3fb}-\\u{1f3ff}]?`;
const SUBDIVISION =
  "(?:\\u{e0065}\\u{e006e}\\u{e0067}|\\u{e0073}\\u{e0063}\\u{e0074}|\\u{e0077}\\u{e006c}\\u{e0073})";
const JOINING_SCRIPTS =
  "[\\u0620-\\u0dff\\u1000-\\u109f\\u1780-\\u17b3\\u17b6-\\u180a\\u1810-\\u18af\\ua8e0-\\ua8ff\\uaa60-\\uaa7f\\u{11000}-\\u{1197f}]";
/** In names: keycaps, the flags of England, Scotland and Wales, emoji sequences, and joiners and variation selectors
 * after letters that need them. The groups are those letters; a lookbehind would stop older Safaris. */
const LEGITIMATE = new RegExp(
  "[0-9#*]\\ufe0f?\\u20e3" +
    `|\\u{1f3f4}\\u{e0067}\\u{e0062}${SUBDIVISION}\\u{e007f}` +
    `|${EMOJI_ELEMENT}(?:\\u200d${EMOJI_ELEMENT})*` +
    `|(${JOINING_SCRIPTS})[\\u200c\\u200d](?=${JOINING_SCRIPTS})` +
    "|(\\p{Script=Han})[\\ufe00-\\ufe02\\u{e0100}-\\u{e01ef}]" +
    "|(\\p{Script=Mongolian})[\\u180b-\\u180d\\u180f]",
  "gu",
);
const REFUSED_IN_NAMES =
  /[\p{Default_Ignorable_Code_Point}\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Noncharacter_Code_Point}\u2800]/u;
// The white space of Python's str.split: the servers join a name's words with one space.
const NAME_SPACES = /[\p{White_Space}\u001c-\u001f]+/gu;

/** A message as it may be sent: line breaks of any kind are `\n`; terminal sequences, control characters, direction
 * controls without a partner and marks beyond MARKS_MAX are removed. Also right for a part of a text that is pasted. */
export function cleaned(text: string): string {
  const lines = text.replace(TERMINAL_SEQUENCE, "").replace(LINE_BREAK, "\n").replace(ALL_REFUSED, "");
  return withoutLoneDirections(lines).replace(MARKS, "$1");
}

/** The code of the first character that the server refuses in a message, such as U+001B; null if there is none. */
export function refusedCharacter(text: string): string | null {
  const found = REFUSED.exec(text.replace(LINE_BREAK, "\n"));
  return found === null ? null : codeOf(found[0]);
}

/** Whether any character of the text is visible. */
export const isVisible = (text: string): boolean => VISIBLE.test(text);

/** Why the server would refuse a message that is sent as it is; null if it would not. */
export function messageProblem(text: string, maxCodePoints: number): TextProblem | null {
  const character = refusedCharacter(text);
  if (character !== null) return { kind: "character", character };
  return shapeProblem(text.trim(), maxCodePoints);
}

/** Why the server would refuse the name of a person or a room, as far as the browser can tell; null if it would not. */
export function nameProblem(name: string, maxCodePoints: number): TextProblem | null {
  const line = name.replace(NAME_SPACES, " ").replace(/^ | $/g, "");
  const found = REFUSED_IN_NAMES.exec(line.replace(LEGITIMATE, "$1$2$3"));
  if (found !== null) return { kind: "character", character: codeOf(found[0]) };
  return shapeProblem(line, maxCodePoints);
}

function shapeProblem(text: string, maxCodePoints: number): TextProblem | null {
  if (text.search(MARKS) !== -1) return { kind: "marks", max: MARKS_MAX };
  if (!isVisible(text)) return { kind: "empty" };
  return lengthProblem(text, maxCodePoints);
}

/** Why a text is too long, in NFC as the server counts it; null if it is not. */
export function lengthProblem(text: string, maxCodePoints: number): TextProblem | null {
  const remove = graphemesBeyond(text.normalize("NFC"), maxCodePoints);
  return remove === 0 ? null : { kind: "length", max: maxCodePoints, remove };
}

/** How many characters, as people count them, must go from the end until at most `max` code points are left. */
function graphemesBeyond(text: string, max: number): number {
  if (text.length <= max) return 0;
  let codePoints = 0;
  let beyond = 0;
  for (const segment of graphemesOf(text)) {
    codePoints += Array.from(segment).length;
    if (codePoints > max) beyond += 1;
  }
  return beyond;
}

/** Direction controls count as pairs within one line. Source: UAX #9, BD9 and BD11. */
function withoutLoneDirections(text: string): string {
  let open: { readonly at: number; readonly isIsolate: boolean }[] = [];
  let openIsolates = 0;
  const paired = new Set<number>();
  for (const { 0: control, index } of text.matchAll(DIRECTION_CONTROL)) {
    if (control === "\n") {
      open = [];
      openIsolates = 0;
    } else if (control === POP_ISOLATE) {
      if (openIsolates === 0) continue;
      while (open.at(-1)?.isIsolate === false) open.pop();
      paired.add(open.pop()?.at ?? index).add(index);
      openIsolates -= 1;
    } else if (control === POP_EMBEDDING) {
      if (open.at(-1)?.isIsolate === false) paired.add(open.pop()?.at ?? index).add(index);
    } else {
      const isIsolate = control >= "\u2066";
      open.push({ at: index, isIsolate });
      if (isIsolate) openIsolates += 1;
    }
  }
  return text.replace(DIRECTION_CONTROL, (control, index: number) =>
    control === "\n" || paired.has(index) ? control : "",
  );
}

const codeOf = (character: string): string =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
