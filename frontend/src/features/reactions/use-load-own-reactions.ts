import { useEffect, useRef } from "react";
import type { RoomScreen } from "@/lib/room-view/room-view";
import type { OwnReactions } from "@/lib/reactions/own-reactions";
import { useViewer } from "@/ui/services-context";

/** Ask for my reactions on the pages that came by fetch, each range once. */
export function useLoadOwnReactions(screen: RoomScreen, ownReactions: OwnReactions): void {
  const viewer = useViewer();
  const room = screen.feed.room;
  const firstSeq = room?.messages[0]?.seq ?? null;
  const asked = useRef<{ viewerId: string; from: number; to: number } | null>(null);
  useEffect(() => {
    const lastSeq = room?.messages.at(-1)?.seq;
    if (viewer === null || firstSeq === null || lastSeq === undefined) return;
    const before = asked.current?.viewerId === viewer.id ? asked.current : null;
    if (before !== null && firstSeq >= before.from && firstSeq <= before.to) return;
    const to = before !== null && firstSeq < before.from ? before.from - 1 : lastSeq;
    asked.current = { viewerId: viewer.id, from: firstSeq, to: Math.max(lastSeq, before?.to ?? 0) };
    void ownReactions.load(firstSeq, to);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only when a page was put before the others
  }, [viewer, firstSeq, ownReactions]);
}
