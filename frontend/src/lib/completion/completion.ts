/** What the word before the caret could be completed to: `@name` and `:emoji`. Pure. */
import { SHORT_NAMES, type EmojiName } from "./emoji-names";

export interface Completion {
  readonly label: string;
  readonly insert: string;
  /** The part of the text it stands for, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
}

const SHOWN_MAX = 6;
const WORD_BEFORE = /(?:^|\s)([@:])([\p{L}\p{N}_+-]*)$/u;

/** Whether an emoji is being named before the caret: then their names are wanted. */
export const isNamingEmoji = (text: string, caret: number): boolean =>
  WORD_BEFORE.exec(text.slice(Math.max(0, caret - 40), caret))?.[1] === ":";

export function completionsAt(
  text: string,
  caret: number,
  nicknames: () => readonly string[],
  emojiNames: readonly EmojiName[],
): Completion[] {
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
  return emojiNamed(wanted, emojiNames).map(({ emoji, name }) => ({
    label: `${emoji} :${name}:`,
    insert: `${emoji} `,
    from,
    to: caret,
  }));
}

/** By short name first, then by the words of the reader's language; one Latin letter is too little to go by. */
function emojiNamed(wanted: string, emojiNames: readonly EmojiName[]): Pick<EmojiName, "emoji" | "name">[] {
  if (wanted === "" || /^[a-z0-9_+-]$/.test(wanted)) return [];
  const found = new Map<string, string>();
  for (const [name, emoji] of SHORT_NAMES) if (name.startsWith(wanted)) found.set(emoji, name);
  for (const { emoji, name, words } of emojiNames) {
    if (found.size >= SHOWN_MAX) break;
    if (!found.has(emoji) && words.some((word) => word.startsWith(wanted))) found.set(emoji, name);
  }
  return [...found].slice(0, SHOWN_MAX).map(([emoji, name]) => ({ emoji, name }));
}
