import { useQueryClient } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { useTranslation } from "react-i18next";
import type { OperatorRoom } from "@/lib/contract/types";
import { personNameInSentence } from "@/lib/people/person-name";
import { nameInSentence } from "@/lib/text/shown-name";
import { useCall } from "@/ui/use-call";
import { usePages } from "@/ui/use-pages";
import { useOperatorApi } from "./use-operator-api";

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
  const { refusal, isCalling, run } = useCall(t("callFailed"));
  const [query, setQuery] = useState("");
  const [toDelete, setToDelete] = useState<ShownRoom | null>(null);
  const wanted = useDeferredValue(query.trim());
  const list = usePages({
    queryKey: ["operator", "rooms", wanted],
    load: (cursor) => api.rooms(wanted, cursor),
    failure: t("rooms.failed"),
    keepsEarlier: true,
  });
  const changed = () => queryClient.invalidateQueries({ queryKey: ["operator"] });
  const shown = (room: OperatorRoom): ShownRoom => {
    const owner = room.owner && personNameInSentence(words, room.owner);
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
    rooms: list.pages?.flatMap(({ rooms }) => rooms.map(shown)),
    refusal: refusal ?? list.refusal,
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
    loadMore: list.loadMore,
  };
}
