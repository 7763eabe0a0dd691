import type { RoomScreen } from "@/lib/room-view/room-view";

const NICKNAMES_MAX = 200;

/** The nicknames of the latest authors, newest first, without duplicates. */
export function recentNicknames(screen: RoomScreen): string[] {
  const found = new Set<string>();
  const messages = screen.feed.room?.messages ?? [];
  for (let index = messages.length - 1; index >= 0 && found.size < NICKNAMES_MAX; index -= 1) {
    const nickname = messages[index]?.author.nickname;
    if (nickname !== undefined) found.add(nickname);
  }
  return [...found];
}
