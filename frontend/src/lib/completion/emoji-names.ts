/** Names of emoji for `:` in the composer. The data is cut from emojibase-data at build time (vite-emoji-data.ts). */
import { fetchWithDeadline } from "@/lib/api/deadline";
import { cachedOnSuccess } from "@/lib/cached-on-success";

export type EmojiLocale = "en" | "ko" | "ja";

/** An emoji, its name in the reader's language, its short English names, and the lower-case words that find it. */
export interface EmojiName {
  readonly emoji: string;
  readonly name: string;
  readonly shortcodes: readonly string[];
  readonly words: readonly string[];
}

type EmojiEntry = readonly [emoji: string, name: string, shortcodes: string, words: string];

export const emojiLocale = (language: string): EmojiLocale =>
  language.startsWith("ko") ? "ko" : language.startsWith("ja") ? "ja" : "en";

const NAMES: Readonly<Record<EmojiLocale, () => Promise<readonly EmojiName[]>>> = {
  en: cachedOnSuccess(() => loadEmojiNames("en")),
  ko: cachedOnSuccess(() => loadEmojiNames("ko")),
  ja: cachedOnSuccess(() => loadEmojiNames("ja")),
};

/** The call that loads the names in a language, always the same one. */
export const emojiNamesIn = (language: string): (() => Promise<readonly EmojiName[]>) =>
  NAMES[emojiLocale(language)];

/** Fetch the names of all emoji in a language, from our own origin. Throws when the file cannot be loaded. */
async function loadEmojiNames(locale: EmojiLocale): Promise<readonly EmojiName[]> {
  const response = await fetchWithDeadline(`/emojibase/${locale}/names.json`);
  if (!response.ok) throw new Error(`emoji names: ${response.status}`);
  const entries = (await response.json()) as EmojiEntry[];
  return entries.map(([emoji, name, shortcodes, words]) => ({
    emoji,
    name,
    shortcodes: shortcodes.split(" ").filter(Boolean),
    words: words.split(" "),
  }));
}
