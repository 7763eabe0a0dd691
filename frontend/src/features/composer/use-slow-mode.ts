import { useState } from "react";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useServices, useViewer } from "@/ui/services-context";
import { useCountdown } from "@/ui/use-countdown";

/** Seconds until slow mode allows the next message. The owner never waits. */
export function useSlowMode(screen: RoomScreen): { seconds: number; sent: () => void } {
  const room = screen.feed.room;
  const viewer = useViewer();
  const { clock } = useServices();
  const [sentAtMs, setSentAtMs] = useState<number | null>(null);
  const isFree = room === null || room.slowModeS === 0 || (viewer !== null && viewer.id === room.ownerId);
  const seconds = useCountdown(isFree || sentAtMs === null ? null : sentAtMs + room.slowModeS * 1_000);
  return { seconds, sent: () => setSentAtMs(clock.now()) };
}
