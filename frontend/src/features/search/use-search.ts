import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { shouldRetry } from "@/lib/api/retries";
import { sleep } from "@/lib/sleep";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

const WORDS_MIN_LENGTH = 2;
const ATTEMPTS_MAX = 3;
const TYPING_PAUSE_MS = 200; // one search for each pause in typing, not for each key

/** Coordinates a search in all messages of the open room. */
export function useSearch() {
  const { api } = useServices();
  const { roomId } = useOpenRoom();
  const [words, setWords] = useState("");
  const wanted = useDeferredValue(words.trim());
  const query = useInfiniteQuery({
    queryKey: ["search", roomId, wanted],
    queryFn: async ({ pageParam, signal }) => {
      await sleep(TYPING_PAUSE_MS, signal);
      return api.search(roomId, wanted, { before_seq: pageParam });
    },
    enabled: wanted.length >= WORDS_MIN_LENGTH,
    initialPageParam: undefined as number | undefined,
    getNextPageParam: (page) => page.next_before_seq ?? undefined,
    retry: (failures, error) => shouldRetry(failures + 1, error, ATTEMPTS_MAX),
  });
  return {
    words,
    setWords,
    /** Messages found so far, newest first. */
    messages: query.data?.pages.flatMap((page) => page.messages) ?? [],
    hasAnswer: query.isSuccess,
    failure: query.failureReason,
    /** Null once the whole room has been searched. */
    loadMore: query.hasNextPage ? () => void query.fetchNextPage() : null,
  };
}
