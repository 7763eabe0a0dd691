import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

/** Stores the read position of the room. The title shows how many messages arrived while the tab was hidden. */
export function useReadMark(screen: RoomScreen): void {
  const { t } = useTranslation();
  const { readCounts } = useServices();
  const { roomId, feed, view } = useOpenRoom();
  const { isPaused } = screen;
  const room = screen.feed.room;
  const messageCount = room?.messageCount;
  const countedSeq = Math.max(room?.seq ?? 0, room?.countedSeq ?? 0);
  useEffect(() => {
    if (messageCount !== undefined && !isPaused && !document.hidden)
      readCounts.markRead(roomId, messageCount, countedSeq);
  }, [readCounts, roomId, messageCount, countedSeq, isPaused]);

  // A hidden tab commits nothing, so its title follows the feed itself. What is on screen has been seen.
  useEffect(() => {
    let seen = (view.getSnapshot().feed.room ?? feed.getSnapshot().room)?.messageCount ?? 0;
    const showTitle = () => {
      const { room } = feed.getSnapshot();
      const now = room?.messageCount ?? 0;
      if (!document.hidden) seen = now;
      const name = room === null ? null : nameInSentence(room.name, t("room.untitled"));
      const wanted = roomTitle(name, Math.max(0, now - seen));
      if (document.title !== wanted) document.title = wanted;
    };
    showTitle();
    const stop = feed.subscribe(showTitle);
    document.addEventListener("visibilitychange", showTitle);
    return () => {
      stop();
      document.removeEventListener("visibilitychange", showTitle);
    };
  }, [feed, view, t]);
}

/** The title of the tab: the messages missed while it was hidden, and the room. */
function roomTitle(name: string | null, missed: number): string {
  const title = name === null ? "Hotchat" : `${name} · Hotchat`;
  return missed === 0 ? title : `(${missed > 99 ? "99+" : missed}) ${title}`;
}
