import type { Message } from "@/lib/contract/types";
import { isErased } from "./erased-people";

const NICKNAMES_MAX = 200;
const known = new WeakMap<readonly Message[], readonly string[]>();

/** The nicknames of the latest authors who can be mentioned, newest first, without duplicates. Computed once for each list
 * of messages. */
export function recentNicknames(messages: readonly Message[]): readonly string[] {
  let nicknames = known.get(messages);
  if (nicknames === undefined) {
    nicknames = latest(messages);
    known.set(messages, nicknames);
  }
  return nicknames;
}

function latest(messages: readonly Message[]): readonly string[] {
  const found = new Set<string>();
  for (let index = messages.length - 1; index >= 0 && found.size < NICKNAMES_MAX; index -= 1) {
    const author = messages[index]?.author;
    if (author !== undefined && !isErased(author)) found.add(author.nickname);
  }
  return [...found];
}
