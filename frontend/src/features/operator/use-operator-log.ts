import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { OperatorLogEntry } from "@/lib/contract/types";
import { personInSentence } from "@/lib/people/person-in-sentence";
import { useLocalTime } from "@/ui/use-local-time";
import { useOperatorApi } from "./use-operator-api";

interface ShownAction {
  readonly key: string;
  readonly time: string;
  readonly what: string;
}

export interface OperatorLogView {
  /** Undefined while they load. */
  readonly entries: readonly ShownAction[] | undefined;
  readonly refusal: string | null;
  /** Loads the next page; null at the end. */
  readonly loadMore: (() => void) | null;
}

/** What the operator did, the newest first. */
export function useOperatorLog(): OperatorLogView {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  const api = useOperatorApi();
  const localTime = useLocalTime();
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["operator", "log"],
    queryFn: ({ pageParam }) => api.log(pageParam ?? undefined),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  /** The action by its name in the contract, on whom, and where. */
  const what = ({ action, target, room_id, details }: OperatorLogEntry) => {
    const roomId = room_id ?? details["room_id"];
    return [
      action,
      ...(target === null ? [] : [personInSentence(target, words("person.unnamed"))]),
      ...(typeof roomId === "string" ? [roomId] : []),
    ].join(" · ");
  };
  return {
    entries: data?.pages
      .flatMap(({ entries }) => entries)
      .map((entry, index) => ({
        key: String(index),
        time: localTime.exactTime(entry.at),
        what: what(entry),
      })),
    refusal: error === null ? null : errorMessage(words, error, t("log.failed")),
    loadMore: hasNextPage ? () => void fetchNextPage() : null,
  };
}
