/** What the server takes as a search: a few words of limited length. The server counts the same. */
export const SEARCH_WORDS_MAX = 4;
export const SEARCH_WORD_MAX = 50; // code points
export const SEARCH_MAX = 100; // code points, all words together

export interface SearchQuery {
  readonly query: string;
  /** Words were dropped or cut to fit. */
  readonly isShortened: boolean;
  /** False for a single Latin letter or digit, which is in almost every message. */
  readonly isEnough: boolean;
}

/** The beginning of what was typed that the server accepts, composed as messages are (NFC). */
export function searchQuery(typed: string): SearchQuery {
  const words = Array.from(new Set(typed.normalize("NFC").split(/\s+/).filter(Boolean)));
  const kept = words.slice(0, SEARCH_WORDS_MAX).map((word) => firstPoints(word, SEARCH_WORD_MAX));
  const query = firstPoints(kept.join(" "), SEARCH_MAX).trimEnd();
  return { query, isShortened: query !== words.join(" "), isEnough: !/^[\0-\x7f]?$/.test(query) };
}

const firstPoints = (text: string, max: number): string => Array.from(text).slice(0, max).join("");
