import { useQuery } from "@tanstack/react-query";
import { useEffect, useReducer, useSyncExternalStore } from "react";
import { Problem } from "@/lib/api/problem";
import type { ComposerState } from "@/lib/composer/composer-machine";
import type { OwnRole } from "@/lib/contract/types";
import { purgedAuthors } from "@/lib/feed/room-state";
import { useOpenRoom } from "@/ui/room-context";
import { useServices, useViewer } from "@/ui/services-context";

const CHECK_MS = 30_000; // a ban may be lifted before it ends
const SECOND_ASK_MS = 2_000; // the server's answer may be a second old
const ASKS_MIN = 2;
const SIGNS: ReadonlySet<string> = new Set(["banned", "nickname_reserved"]);

/** The reader's rights in the open room. They are fetched only after a sign of a ban or of a reserved name: a refused
 * post or edit, or a purge of the reader's messages. */
export function useOwnRole({ phase }: ComposerState): OwnRole | null {
  const { api } = useServices();
  const { roomId } = useOpenRoom();
  const viewerId = useViewer()?.id;
  const isEditRefused =
    phase.name === "refused" &&
    phase.refusal.kind === "server" &&
    phase.refusal.error instanceof Problem &&
    SIGNS.has(phase.refusal.error.code);
  const signs = useRefusedPosts() + useOwnPurges() + (isEditRefused ? 1 : 0);
  const [hasSign, noteSign] = useReducer((): boolean => true, false);
  const { data, refetch } = useQuery({
    queryKey: ["own-role", roomId, viewerId],
    queryFn: () => api.ownRole(roomId),
    enabled: hasSign && viewerId !== undefined,
    refetchInterval: ({ state }) => {
      if (SIGNS.has(state.data?.why_not ?? "")) return CHECK_MS;
      return state.dataUpdateCount < ASKS_MIN ? SECOND_ASK_MS : false;
    },
  });
  useEffect(() => {
    if (viewerId === undefined || (signs === 0 && !hasSign)) return;
    noteSign();
    void refetch({ cancelRefetch: false }); // also when a refused post is retried, because the ban may have been lifted
  }, [signs, hasSign, viewerId, refetch]);
  return data ?? null;
}

/** Posts of this room that were refused because of a ban or the name. */
function useRefusedPosts(): number {
  const { outbox } = useServices();
  const { roomId } = useOpenRoom();
  return useSyncExternalStore(
    outbox.subscribe,
    () =>
      outbox
        .getSnapshot()
        .posts.filter((post) => post.roomId === roomId && post.status === "failed" && SIGNS.has(post.code))
        .length,
  );
}

/** Purges of the reader's messages since the room was opened. */
function useOwnPurges(): number {
  const { feed } = useOpenRoom();
  const viewerId = useViewer()?.id;
  const [purges, notePurge] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (viewerId === undefined) return;
    return feed.onEvent((event) => {
      if (event.type === "messages.purged" && purgedAuthors(event).has(viewerId)) notePurge();
    });
  }, [feed, viewerId]);
  return purges;
}
