import { keepPreviousData, useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { OperatorRoom } from "@/lib/contract/types";
import { nameInSentence } from "@/lib/text/shown-name";
import { useOperatorApi } from "./use-operator-api";
import { useOperatorCall } from "./use-operator-call";

interface ShownRoom {
  readonly room: OperatorRoom;
  /** The room's name within a sentence. */
  readonly inSentence: string;
  readonly about: string;
}

export interface OperatorRoomsView {
  readonly words: string;
  readonly setWords: (words: string) => void;
  /** Undefined while they load. */
  readonly rooms: readonly ShownRoom[] | undefined;
  readonly refusal: string | null;
  readonly isCalling: boolean;
  readonly setHidden: (room: OperatorRoom, isHidden: boolean) => void;
  /** The room whose deletion is to be confirmed. */
  readonly toDelete: ShownRoom | null;
  readonly askToDelete: (room: ShownRoom | null) => void;
  readonly deleteRoom: (room: OperatorRoom) => void;
  /** Loads the next page; null at the end. */
  readonly loadMore: (() => void) | null;
}

/** All rooms, the newest first, or those with the words in their name. */
export function useOperatorRooms(): OperatorRoomsView {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  const api = useOperatorApi();
  const queryClient = useQueryClient();
  const { refusal, isCalling, run } = useOperatorCall();
  const [query, setQuery] = useState("");
  const [toDelete, setToDelete] = useState<ShownRoom | null>(null);
  const wanted = useDeferredValue(query.trim());
  const { data, error, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["operator", "rooms", wanted],
    queryFn: ({ pageParam }) => api.rooms(wanted, pageParam ?? undefined),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next_cursor }) => next_cursor,
    placeholderData: keepPreviousData,
  });
  const changed = () => queryClient.invalidateQueries({ queryKey: ["operator"] });
  const shown = (room: OperatorRoom): ShownRoom => {
    const owner = room.owner && nameInSentence(room.owner.nickname, words("person.unnamed"));
    const about = [
      t(room.hidden ? "rooms.hidden" : `rooms.${room.visibility}`),
      owner === null ? t("rooms.noOwner") : t("rooms.owner", { name: owner }),
      room.id,
    ];
    return { room, inSentence: nameInSentence(room.name, words("room.untitled")), about: about.join(" · ") };
  };
  return {
    words: query,
    setWords: setQuery,
    rooms: data?.pages.flatMap(({ rooms }) => rooms.map(shown)),
    refusal: refusal ?? (error === null ? null : errorMessage(words, error, t("rooms.failed"))),
    isCalling,
    setHidden: ({ id }, isHidden) =>
      run(async () => {
        await api.setHidden(id, isHidden);
        await changed();
      }),
    toDelete,
    askToDelete: setToDelete,
    deleteRoom: ({ id }) => {
      setToDelete(null);
      run(async () => {
        await api.deleteRoom(id);
        await changed();
      });
    },
    loadMore: hasNextPage ? () => void fetchNextPage() : null,
  };
}
