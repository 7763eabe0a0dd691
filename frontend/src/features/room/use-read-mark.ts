import { useEffect } from "react";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

/** Stores the read position of the room. */
export function useReadMark(screen: RoomScreen): void {
  const { readCounts } = useServices();
  const { roomId } = useOpenRoom();
  const { isPaused } = screen;
  const room = screen.feed.room;
  const messageCount = room?.messageCount;
  const countedSeq = Math.max(room?.seq ?? 0, room?.countedSeq ?? 0);
  useEffect(() => {
    if (messageCount !== undefined && !isPaused && !document.hidden)
      readCounts.markRead(roomId, messageCount, countedSeq);
  }, [readCounts, roomId, messageCount, countedSeq, isPaused]);
}
