/** Completions of the word before the caret: `@name` and `:emoji`. Pure. */
import { foldedName, mayBeginMention } from "@/lib/text/mention-names";
import type { EmojiName } from "./emoji-names";

export { emojiNamesIn } from "./emoji-names";

export interface Completion {
  readonly label: string;
  readonly insert: string;
  /** The range of the text that it replaces, in UTF-16 units. */
  readonly from: number;
  readonly to: number;
}

const SHOWN_MAX = 6;
const BEFORE_MAX = 100; // units; a nickname has at most 32 code points, more in decomposed form
const EMOJI_WORD = /(?:^|\s):([\p{L}\p{M}\p{N}_+-]*)$/u;

const textBefore = (text: string, caret: number) => text.slice(Math.max(0, caret - BEFORE_MAX), caret);

/** Whether the word before the caret begins with `:`, so that the names of emoji are needed. */
export const isNamingEmoji = (text: string, caret: number): boolean =>
  EMOJI_WORD.test(textBefore(text, caret));

export function completionsAt(
  text: string,
  caret: number,
  nicknames: () => readonly string[],
  emojiNames: readonly EmojiName[],
): Completion[] {
  const [, word] = EMOJI_WORD.exec(textBefore(text, caret)) ?? [];
  if (word === undefined) return nicknamesAt(text, caret, nicknames);
  return emojiNamed(composed(word).toLowerCase(), emojiNames).map(({ emoji, name }) => ({
    label: `${emoji} :${name}:`,
    insert: `${emoji} `,
    from: caret - word.length - 1,
    to: caret,
  }));
}

/** Nicknames that begin with what follows the last `@`, which some input methods write as `＠`. It may contain spaces, but
 * ends with none: then it is complete. */
function nicknamesAt(text: string, caret: number, nicknames: () => readonly string[]): Completion[] {
  const from = Math.max(text.lastIndexOf("@", caret - 1), text.lastIndexOf("＠", caret - 1));
  if (caret < 1 || from === -1 || caret - from > BEFORE_MAX || !mayBeginMention(text, from)) return [];
  const typed = text.slice(from + 1, caret);
  if (/^\s|\s$|\n/.test(typed)) return [];
  const wanted = foldedName(composed(typed));
  return nicknames()
    .filter((nickname) => foldedName(composed(nickname)).startsWith(wanted))
    .slice(0, SHOWN_MAX)
    .map((nickname) => ({ label: `@${nickname}`, insert: `@${nickname} `, from, to: caret }));
}

/** As the server stores names. */
const composed = (text: string) => text.normalize("NFC");

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
