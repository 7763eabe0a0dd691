import { useRef } from "react";
import { Problem } from "@/lib/api/problem";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useServices, useViewer } from "@/ui/services-context";

const EVERY_MS = 3_000;

/** Sends the typing signal: at most every three seconds, and only with a session and outside hot rooms. */
export function useTypingSignal(roomId: string, screen: RoomScreen): () => void {
  const { api, clock } = useServices();
  const viewer = useViewer();
  const sentAtMs = useRef(-Infinity);
  return () => {
    const now = clock.now();
    if (viewer === null || screen.feed.room?.heat.hot === true || now - sentAtMs.current < EVERY_MS) return;
    sentAtMs.current = now;
    api.typing(roomId).catch((error: unknown) => {
      // A lost signal does not matter, but a refusal with Retry-After delays the next one.
      if (error instanceof Problem) sentAtMs.current += error.retryAfterMs ?? 0;
    });
  };
}
