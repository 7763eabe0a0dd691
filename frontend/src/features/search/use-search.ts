import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { shouldRetry } from "@/lib/api/retries";
import { searchQuery } from "@/lib/search-query";
import { sleep } from "@/lib/sleep";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

const ATTEMPTS_MAX = 3;
const TYPING_PAUSE_MS = 200; // one search for each pause in typing, not for each key

/** Coordinates a search in all messages of the open room. */
export function useSearch() {
  const { api } = useServices();
  const { roomId } = useOpenRoom();
  const [words, setWords] = useState("");
  const { query: wanted, isShortened, isEnough } = searchQuery(useDeferredValue(words));
  const query = useInfiniteQuery({
    queryKey: ["search", roomId, wanted],
    queryFn: async ({ pageParam, signal }) => {
      await sleep(TYPING_PAUSE_MS, signal);
      return api.search(roomId, wanted, { before_seq: pageParam });
    },
    enabled: isEnough,
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next_before_seq ?? undefined,
    retry: (failures, error) => shouldRetry(failures + 1, error, ATTEMPTS_MAX),
  });
  return {
    words,
    setWords,
    /** The words that are searched for, if those typed are too long or too many; else null. */
    shortened: isShortened ? wanted : null,
    /** Messages found so far, newest first. */
    messages: query.data?.pages.flatMap((page) => page.messages) ?? [],
    hasAnswer: query.isSuccess,
    failure: query.failureReason,
    /** Null once the whole room has been searched. */
    loadMore: query.hasNextPage ? () => void query.fetchNextPage() : null,
  };
}
