import type { ComposerState } from "@/lib/composer/composer-machine";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useViewer } from "@/ui/services-context";
import { useCountdown } from "@/ui/use-countdown";

/** Seconds until slow mode allows the next message. The owner never waits, and edits have a wait of their own. */
export function useSlowMode(screen: RoomScreen, { postedAtMs, edit }: ComposerState): number {
  const room = screen.feed.room;
  const viewer = useViewer();
  const isFree = room === null || room.slowModeS === 0 || (viewer !== null && viewer.id === room.ownerId);
  const isWaiting = !isFree && postedAtMs !== null && edit?.kind !== "message";
  return useCountdown(isWaiting ? postedAtMs + room.slowModeS * 1_000 : null);
}
