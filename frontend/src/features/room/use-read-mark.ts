import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { followTitle } from "@/lib/room-view/tab-title";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

/** Stores the read position of the room. The title shows how many messages arrived while the tab was hidden. */
export function useReadMark(screen: RoomScreen): void {
  const { t } = useTranslation();
  const { readCounts } = useServices();
  const { roomId, feed, view, news } = useOpenRoom();
  const { isPaused } = screen;
  const room = screen.feed.room;
  const messageCount = room?.messageCount;
  const countedSeq = Math.max(room?.seq ?? 0, room?.countedSeq ?? 0);
  useEffect(() => {
    if (messageCount !== undefined && !isPaused && !document.hidden)
      readCounts.markRead(roomId, messageCount, countedSeq);
  }, [readCounts, roomId, messageCount, countedSeq, isPaused]);

  useEffect(
    () =>
      followTitle({
        page: document,
        feed,
        shownCount: () => view.getSnapshot().feed.room?.messageCount,
        firstCount: () => news.firstCount,
        nameOf: (name) => nameInSentence(name, t("room.untitled")),
      }),
    [feed, view, news, t],
  );
}
