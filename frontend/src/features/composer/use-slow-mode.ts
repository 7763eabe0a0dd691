import type { ComposerState } from "@/lib/composer/composer-machine";
import { roleIn } from "@/lib/people/roles";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useViewer } from "@/ui/services-context";
import { useCountdown } from "@/ui/use-countdown";

/** Seconds until slow mode allows the next message. Hosts never wait, and edits have a wait of their own. */
export function useSlowMode(screen: RoomScreen, { postedAtMs, edit }: ComposerState): number {
  const room = screen.feed.room;
  const viewer = useViewer();
  const isFree = room === null || room.slowModeS === 0 || roleIn(room, viewer?.id) !== "guest";
  const isWaiting = !isFree && postedAtMs !== null && edit?.kind !== "message";
  return useCountdown(isWaiting ? postedAtMs + room.slowModeS * 1_000 : null);
}
