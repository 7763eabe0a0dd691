import { useEffect } from "react";
import type { RoomFeed } from "@/lib/feed/room-feed";
import { isolated } from "@/lib/text/shown-name";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useServices } from "@/ui/services-context";

/** Stores how far the room was read, and shows in the title how many messages arrived while the tab was hidden. */
export function useReadMark(screen: RoomScreen, feed: RoomFeed, roomId: string): void {
  const { readCounts } = useServices();
  const { isPaused } = screen;
  const room = screen.feed.room;
  const messageCount = room?.messageCount;
  useEffect(() => {
    if (messageCount !== undefined && !isPaused && !document.hidden)
      readCounts.markRead(roomId, messageCount);
  }, [readCounts, roomId, messageCount, isPaused]);

  // A hidden tab commits nothing, so its title follows the feed itself.
  const name = room?.name;
  useEffect(() => {
    const title = name === undefined ? "Hotchat" : `${isolated(name)} · Hotchat`;
    document.title = title;
    let seen = feed.getSnapshot().room?.messageCount ?? 0;
    const stop = feed.subscribe(() => {
      const now = feed.getSnapshot().room?.messageCount ?? 0;
      if (!document.hidden) seen = now;
      const missed = Math.max(0, now - seen);
      const wanted = missed === 0 ? title : `(${missed > 99 ? "99+" : missed}) ${title}`;
      if (document.title !== wanted) document.title = wanted;
    });
    const shown = () => {
      if (document.hidden) return;
      seen = feed.getSnapshot().room?.messageCount ?? 0;
      document.title = title;
    };
    document.addEventListener("visibilitychange", shown);
    return () => {
      stop();
      document.removeEventListener("visibilitychange", shown);
    };
  }, [name, feed]);
}
