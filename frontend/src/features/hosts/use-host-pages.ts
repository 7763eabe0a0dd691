import { useOpenRoom } from "@/ui/room-context";
import { usePages, type Pages, type PagesOptions } from "@/ui/use-pages";

interface HostPagesOptions<Page> extends Pick<PagesOptions<Page>, "failure" | "enabled"> {
  /** With the room's id, the key of the query. */
  readonly name: "audit" | "bans" | "held" | "reports";
  readonly load: (roomId: string, cursor?: string) => Promise<Page>;
  /** The interval after which one page is loaded again; without it, the list is loaded only when it is opened. */
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
    // Each refetch loads every page again, so the interval grows with their number.
    ...(pollMs !== undefined && { refetchMs: (pages) => pollMs * Math.max(1, pages.length) }),
    gcTime: 0, // the next opening of the list shows its current state
  });
}
