import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";

export interface Pages<Page> {
  /** Undefined while the first page loads. */
  readonly pages: readonly Page[] | undefined;
  /** Why they cannot be loaded. */
  readonly refusal: string | null;
  /** Loads the next page; null at the end. */
  readonly loadMore: (() => void) | null;
}

export interface PagesOptions<Page> {
  readonly queryKey: readonly string[];
  readonly load: (cursor?: string) => Promise<Page>;
  /** The sentence for a server that does not answer. */
  readonly failure: string;
  readonly enabled?: boolean;
  /** How long the pages are kept once nothing shows them; without it, as long as the query client keeps data. */
  readonly gcTime?: number;
  /** When to load the pages again; without it, only when the list is opened. */
  readonly refetchMs?: (pages: readonly Page[]) => number | false;
  /** Whether the pages of the earlier key are shown until those of another one are loaded. */
  readonly keepsEarlier?: boolean;
}

/** A list in pages, the newest first. */
export function usePages<Page extends { readonly next_cursor: string | null }>({
  queryKey,
  load,
  failure,
  enabled = true,
  gcTime,
  refetchMs = () => false,
  keepsEarlier = false,
}: PagesOptions<Page>): Pages<Page> {
  const { t } = useTranslation();
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => load(pageParam ?? undefined),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    enabled,
    refetchInterval: ({ state }) => refetchMs(state.data?.pages ?? []),
    ...(gcTime !== undefined && { gcTime }),
    ...(keepsEarlier && { placeholderData: keepPreviousData }),
  });
  return {
    pages: data?.pages,
    refusal: error === null ? null : errorMessage(t, error, failure),
    loadMore: hasNextPage ? () => void fetchNextPage() : null,
  };
}
