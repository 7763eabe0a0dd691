/** The title of the tab: the room, and how many messages arrived while the tab was hidden. */
import type { RoomFeed } from "@/lib/feed/room-feed";

interface TitleDependencies {
  readonly page: EventTarget & { readonly hidden: boolean; title: string };
  readonly feed: Pick<RoomFeed, "subscribe" | "getSnapshot">;
  /** The message count of the room as it is on screen; undefined while nothing is. */
  readonly shownCount: () => number | undefined;
  /** The message count of the room's first page; null until it arrives. */
  readonly firstCount: () => number | null;
  readonly nameOf: (roomName: string) => string;
}

/** Keep the title up to date until the returned function is called. A hidden tab commits nothing, so the title follows the feed
 * itself. What was on screen has been seen; a tab hidden from the start has seen nothing after its first page. */
export function followTitle({ page, feed, shownCount, firstCount, nameOf }: TitleDependencies): () => void {
  let seen: number | null = null;
  const show = () => {
    const { room } = feed.getSnapshot();
    if (room !== null && !page.hidden) seen = room.messageCount;
    else seen ??= shownCount() ?? firstCount();
    const missed = room === null || seen === null ? 0 : Math.max(0, room.messageCount - seen);
    const wanted = titleOf(room === null ? null : nameOf(room.name), missed);
    if (page.title !== wanted) page.title = wanted;
  };
  show();
  const stop = feed.subscribe(show);
  page.addEventListener("visibilitychange", show);
  return () => {
    stop();
    page.removeEventListener("visibilitychange", show);
  };
}

function titleOf(name: string | null, missed: number): string {
  const title = name === null ? "Hotchat" : `${name} · Hotchat`;
  return missed === 0 ? title : `(${missed > 99 ? "99+" : missed}) ${title}`;
}
