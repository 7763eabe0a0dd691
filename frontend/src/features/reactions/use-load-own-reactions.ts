import { useEffect, useRef } from "react";
import type { OwnReactions } from "@/lib/reactions/own-reactions";
import { reactedRange, type SeqRange } from "@/lib/reactions/reacted-range";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useViewer } from "@/ui/services-context";

/** Loads the reader's own reactions to fetched pages, each range once: only with a session, and only where a message
 * has reactions. Later reactions arrive as events. */
export function useLoadOwnReactions(screen: RoomScreen, ownReactions: OwnReactions): void {
  const viewer = useViewer();
  const room = screen.feed.room;
  const firstSeq = room?.messages[0]?.seq ?? null;
  const covered = useRef<(SeqRange & { readonly viewerId: string }) | null>(null);
  useEffect(() => {
    const lastSeq = room?.messages.at(-1)?.seq;
    if (viewer === null || room === null || firstSeq === null || lastSeq === undefined) return;
    const before = covered.current?.viewerId === viewer.id ? covered.current : null;
    if (before !== null && firstSeq >= before.from && firstSeq <= before.to) return;
    const to = before !== null && firstSeq < before.from ? before.from - 1 : lastSeq;
    covered.current = { viewerId: viewer.id, from: firstSeq, to: Math.max(lastSeq, before?.to ?? 0) };
    const range = reactedRange(room.messages, { from: firstSeq, to });
    if (range !== null) void ownReactions.load(range.from, range.to);
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only when a page has been added before the others
  }, [viewer, firstSeq, ownReactions]);
}
