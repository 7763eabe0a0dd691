/** Completions of the word before the caret: `@name` and `:emoji`. Pure. */
import type { EmojiName } from "./emoji-names";

export interface Completion {
  readonly label: string;
  readonly insert: string;
  /** The range of the text that it replaces, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
}

const SHOWN_MAX = 6;
const WORD_BEFORE = /(?:^|\s)([@:])([\p{L}\p{N}_+-]*)$/u;

/** Whether the word before the caret begins with `:`, so that the names of emoji are needed. */
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

/** Emoji whose shortcode begins with `wanted`, the shortest first, then those with such a word in the reader's language.
 * A single Latin letter is too short to search for. */
function emojiNamed(wanted: string, emojiNames: readonly EmojiName[]): Pick<EmojiName, "emoji" | "name">[] {
  if (wanted === "" || /^[a-z0-9_+-]$/.test(wanted)) return [];
  const byShortcode = emojiNames
    .flatMap(({ emoji, shortcodes }) => {
      const name = shortcodes.find((shortcode) => shortcode.startsWith(wanted));
      return name === undefined ? [] : [{ emoji, name }];
    })
    .sort((a, b) => a.name.length - b.name.length);
  const found = new Map(byShortcode.slice(0, SHOWN_MAX).map(({ emoji, name }) => [emoji, name]));
  for (const { emoji, name, words } of emojiNames) {
    if (found.size >= SHOWN_MAX) break;
    if (!found.has(emoji) && words.some((word) => word.startsWith(wanted))) found.set(emoji, name);
  }
  return [...found].map(([emoji, name]) => ({ emoji, name }));
}
