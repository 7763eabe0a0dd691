import { useOpenRoom } from "@/ui/room-context";
import { usePages, type Pages, type PagesOptions } from "@/ui/use-pages";

interface HostPagesOptions<Page> extends Pick<PagesOptions<Page>, "failure" | "enabled"> {
  /** With the room's id, the key of the query. */
  readonly name: "audit" | "bans" | "held" | "reports";
  readonly load: (roomId: string, cursor?: string) => Promise<Page>;
  /** How often to load one page again; without it, only when the list is opened. */
  readonly pollMs?: number | undefined;
}

/** A list of the open room that only hosts read, the newest first, in pages. */
export function useHostPages<Page extends { readonly next_cursor: string | null }>({
  name,
  load,
  pollMs,
  ...options
}: HostPagesOptions<Page>): Pages<Page> {
  const { roomId } = useOpenRoom();
  return usePages({
    ...options,
    queryKey: [name, roomId],
    load: (cursor) => load(roomId, cursor),
    // All loaded pages are loaded again: the more there are, the longer the wait.
    ...(pollMs !== undefined && { refetchMs: (pages) => pollMs * Math.max(1, pages.length) }),
    gcTime: 0, // the next opening of the list shows its current state
  });
}
