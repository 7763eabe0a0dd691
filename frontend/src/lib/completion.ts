/** What the word before the caret could be completed to: `@name` and `:emoji`. Pure. */
import { EMOJI_NAMES } from "./emoji-names";

export interface Completion {
  readonly label: string;
  readonly insert: string;
  /** The part of the text it stands for, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
}

const SHOWN_MAX = 6;
const WORD_BEFORE = /(?:^|\s)([@:])([\p{L}\p{N}_+-]*)$/u;

export function completionsAt(text: string, caret: number, nicknames: () => readonly string[]): Completion[] {
  const found = WORD_BEFORE.exec(text.slice(Math.max(0, caret - 40), caret));
  const [, sign, word] = found ?? [];
  if (sign === undefined || word === undefined) return [];
  const from = caret - word.length - 1;
  const wanted = word.toLowerCase();
  if (sign === "@") {
    return nicknames()
      .filter((nickname) => nickname.toLowerCase().startsWith(wanted))
      .slice(0, SHOWN_MAX)
      .map((nickname) => ({ label: `@${nickname}`, insert: `@${nickname} `, from, to: caret }));
  }
  if (wanted.length < 2) return [];
  return EMOJI_NAMES.filter(([name]) => name.startsWith(wanted))
    .slice(0, SHOWN_MAX)
    .map(([name, emoji]) => ({ label: `${emoji} :${name}:`, insert: `${emoji} `, from, to: caret }));
}
