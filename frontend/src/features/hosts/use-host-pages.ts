import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { useOpenRoom } from "@/ui/room-context";

export interface HostPages<Page> {
  /** Undefined while the first page loads. */
  readonly pages: readonly Page[] | undefined;
  /** Why they cannot be loaded. */
  readonly refusal: string | null;
  /** Loads the next page; null at the end. */
  readonly loadMore: (() => void) | null;
}

interface HostPagesOptions<Page> {
  /** With the room's id, the key of the query. */
  readonly name: "audit" | "bans" | "held" | "reports";
  readonly load: (roomId: string, cursor?: string) => Promise<Page>;
  /** The sentence for a server that does not answer. */
  readonly failure: string;
  readonly enabled?: boolean;
  /** How often to load one page again; without it, only when the list is opened. */
  readonly pollMs?: number | undefined;
}

/** A list of the open room that only hosts read, the newest first, in pages. */
export function useHostPages<Page extends { readonly next_cursor: string | null }>({
  name,
  load,
  failure,
  enabled = true,
  pollMs,
}: HostPagesOptions<Page>): HostPages<Page> {
  const { t: words } = useTranslation();
  const { roomId } = useOpenRoom();
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: [name, roomId],
    queryFn: ({ pageParam }) => load(roomId, pageParam ?? undefined),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    enabled,
    // All loaded pages are loaded again: the more there are, the longer the wait.
    refetchInterval: ({ state }) => pollMs !== undefined && pollMs * (state.data?.pages.length ?? 1),
    gcTime: 0, // the next opening of the list shows its current state
  });
  return {
    pages: data?.pages,
    refusal: error === null ? null : errorMessage(words, error, failure),
    loadMore: hasNextPage ? () => void fetchNextPage() : null,
  };
}
