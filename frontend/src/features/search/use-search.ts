import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { shouldRetry } from "@/lib/api/retries";
import type { Message } from "@/lib/contract/types";
import { searchQuery } from "@/lib/search-query";
import { sleep } from "@/lib/sleep";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

const ATTEMPTS_MAX = 3;
const TYPING_PAUSE_MS = 200; // one search for each pause in typing, not for each key

export interface MessageSearchState {
  readonly words: string;
  readonly setWords: (words: string) => void;
  /** The words that the server searches for, if the typed ones are too long or too many; otherwise null. */
  readonly shortened: string | null;
  /** Messages found so far, newest first, without those of ignored people. */
  readonly messages: readonly Message[];
  readonly hasAnswer: boolean;
  /** Why the last attempt failed. */
  readonly failure: Error | null;
  /** Null once the whole room has been searched. */
  readonly loadMore: (() => void) | null;
}

/** Searches all messages of the open room for the words that the reader types. */
export function useSearch(): MessageSearchState {
  const { api, ignored } = useServices();
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
  const found = query.data?.pages.flatMap((page) => page.messages) ?? [];
  return {
    words,
    setWords,
    shortened: isShortened ? wanted : null,
    messages: found.filter(({ author }) => !ignored.has(author.id)),
    hasAnswer: query.isSuccess,
    failure: query.failureReason,
    loadMore: query.hasNextPage ? () => void query.fetchNextPage() : null,
  };
}
