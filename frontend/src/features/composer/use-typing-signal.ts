import { useRef } from "react";
import { Problem } from "@/lib/api/problem";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useServices, useViewer } from "@/ui/services-context";

const EVERY_MS = 3_000;

/** Tell the room that I write: at most every three seconds, never in a hot room, never without a name. */
export function useTypingSignal(roomId: string, screen: RoomScreen): () => void {
  const { api } = useServices();
  const viewer = useViewer();
  const sentAtMs = useRef(0);
  return () => {
    if (viewer === null || screen.feed.room?.heat.hot === true || Date.now() - sentAtMs.current < EVERY_MS)
      return;
    sentAtMs.current = Date.now();
    api.typing(roomId).catch((error: unknown) => {
      // It may be lost, that is all it is worth; but who is refused waits as told.
      if (error instanceof Problem) sentAtMs.current += error.retryAfterMs ?? 0;
    });
  };
}
