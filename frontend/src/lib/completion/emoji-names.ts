/** What emoji are called, for `:` in the composer. */

export type EmojiLocale = "en" | "ko" | "ja";

/** An emoji, what a reader's language calls it, and the words it is found by, in small letters. */
export interface EmojiName {
  readonly emoji: string;
  readonly name: string;
  readonly words: readonly string[];
}

export const emojiLocale = (language: string): EmojiLocale =>
  language.startsWith("ko") ? "ko" : language.startsWith("ja") ? "ja" : "en";

/** All emoji in that language, from our own origin: the same data as the picker's (emojibase). */
export async function loadEmojiNames(locale: EmojiLocale): Promise<readonly EmojiName[]> {
  const answer = await fetch(`/emojibase/${locale}/data.json`);
  if (!answer.ok) throw new Error(`emoji names: ${answer.status}`);
  const told = (await answer.json()) as { emoji: string; label: string; tags?: string[] }[];
  return told
    .filter(({ tags }) => tags !== undefined) // regional indicators and the like have none
    .map(({ emoji, label, tags = [] }) => ({
      emoji,
      name: label,
      words: [...label.split(/\s+/u), ...tags.flatMap((tag) => tag.split(/\s+/u))].map((word) =>
        word.toLowerCase(),
      ),
    }));
}

/** The emoji people reach for by their short English name: these need no data, and come first. */
export const SHORT_NAMES: readonly (readonly [name: string, emoji: string])[] = [
  ["angry", "😠"],
  ["birthday", "🎂"],
  ["blush", "😊"],
  ["boom", "💥"],
  ["broken_heart", "💔"],
  ["bulb", "💡"],
  ["cat", "🐱"],
  ["check", "✅"],
  ["clap", "👏"],
  ["coffee", "☕"],
  ["confused", "😕"],
  ["cool", "😎"],
  ["cry", "😢"],
  ["dog", "🐶"],
  ["eyes", "👀"],
  ["fire", "🔥"],
  ["flushed", "😳"],
  ["ghost", "👻"],
  ["grin", "😁"],
  ["heart", "❤️"],
  ["heart_eyes", "😍"],
  ["hug", "🤗"],
  ["hundred", "💯"],
  ["joy", "😂"],
  ["kiss", "😘"],
  ["laugh", "😆"],
  ["moon", "🌙"],
  ["muscle", "💪"],
  ["music", "🎵"],
  ["ok", "👌"],
  ["party", "🥳"],
  ["pizza", "🍕"],
  ["point_up", "☝️"],
  ["pray", "🙏"],
  ["question", "❓"],
  ["rainbow", "🌈"],
  ["rocket", "🚀"],
  ["rofl", "🤣"],
  ["rose", "🌹"],
  ["scream", "😱"],
  ["shrug", "🤷"],
  ["skull", "💀"],
  ["sleeping", "😴"],
  ["smile", "😄"],
  ["smirk", "😏"],
  ["snow", "❄️"],
  ["sob", "😭"],
  ["sparkles", "✨"],
  ["star", "⭐"],
  ["sun", "☀️"],
  ["sweat", "😅"],
  ["tada", "🎉"],
  ["thinking", "🤔"],
  ["thumbsdown", "👎"],
  ["thumbsup", "👍"],
  ["tree", "🌳"],
  ["trophy", "🏆"],
  ["warning", "⚠️"],
  ["wave", "👋"],
  ["wink", "😉"],
  ["x", "❌"],
  ["yum", "😋"],
  ["zap", "⚡"],
  ["zipper_mouth", "🤐"],
];
