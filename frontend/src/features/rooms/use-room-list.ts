import { useState } from "react";
import { roomSearch } from "@/lib/rooms/room-search";
import { useHeldOrder } from "./use-held-order";
import { roomsNamedHere } from "@/lib/rooms/room-list";
import { useRooms, useRoomsNamed } from "./use-rooms";

export type RoomListState = ReturnType<typeof useRoomList>;

/** Coordinates the room list: the rooms that match the search words, and the dialog that creates a room. */
export function useRoomList() {
  const { rooms, ownRooms, loadMoreOwn, isError, failureReason, refetch, hasNextPage, fetchNextPage } =
    useRooms();
  const [words, setWords] = useState("");
  const search = roomSearch(words);
  const [createDialog, setCreateDialog] = useState<"closed" | "open" | "failed">("closed");
  const { shown, handlers } = useHeldOrder(useRoomsNamed(search, rooms, !hasNextPage));
  const own = useHeldOrder(roomsNamedHere(search.query, ownRooms));
  return {
    /** Rooms whose name contains the search words. */
    rooms: shown,
    /** Event handlers for the list. */
    handlers,
    /** The reader's private and unlisted rooms, likewise. */
    ownRooms: own.shown,
    ownHandlers: own.handlers,
    loadMoreOwn,
    hasRooms: rooms.length > 0,
    words,
    setWords,
    /** Why the search words are refused. */
    searchProblem: search.problem,
    /** Why the rooms cannot be shown yet. */
    failure: rooms.length === 0 ? failureReason : null,
    /** Loads the rooms again; null while automatic attempts follow. */
    retry: isError ? () => void refetch() : null,
    loadMore: hasNextPage ? () => void fetchNextPage() : null,
    createDialog,
    setCreateDialog,
  };
}
