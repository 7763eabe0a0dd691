/** Whom a text names. A mention is `@` and a nickname that ends where the nickname ends. */

const WORD = /[\p{L}\p{N}_]/u;

/** Whether `text` mentions `nickname`: not inside a word, not a longer name, whatever the case. */
export function mentions(text: string, nickname: string): boolean {
  if (nickname === "") return false;
  const haystack = text.toLowerCase();
  const needle = `@${nickname.toLowerCase()}`;
  for (let at = haystack.indexOf(needle); at !== -1; at = haystack.indexOf(needle, at + 1)) {
    const before = at === 0 ? "" : haystack.charAt(at - 1);
    const after = haystack.charAt(at + needle.length);
    if (!WORD.test(before) && (after === "" || !/[a-z0-9_]/.test(after))) return true;
  }
  return false;
}
