import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useDeferredValue, useMemo } from "react";
import type { Heat, ListedRoom, RoomsPage, RoomUpdated } from "@/lib/contract/types";
import {
  addRoom,
  changeRoom,
  listedRooms,
  roomsNamedHere,
  updateRoom,
  withNewerRooms,
} from "@/lib/rooms/room-list";
import type { RoomSearch } from "@/lib/rooms/room-search";
import { seqsToDiscount } from "@/lib/rooms/unread";
import { useServices, useViewer } from "@/ui/services-context";
import { useConfig } from "@/ui/use-config";
import { useRoomListStream } from "./use-room-list-stream";

type Rooms = InfiniteData<RoomsPage, string | undefined>;

const ROOMS_KEY = ["rooms"];
const PUBLIC_KEY = [...ROOMS_KEY, "public"];

/** The public rooms by activity, and apart from them the reader's private and unlisted ones. One stream reports changes of
 * all listed rooms, and new public rooms. */
export function useRooms() {
  const { api, readCounts } = useServices();
  const queryClient = useQueryClient();
  const viewerId = useViewer()?.id;
  const limits = useConfig()?.limits;
  const query = useInfiniteQuery({
    queryKey: PUBLIC_KEY,
    queryFn: ({ pageParam }) => api.rooms(pageParam),
    ...PAGES,
  });
  const own = useInfiniteQuery({
    queryKey: [...ROOMS_KEY, "own", viewerId],
    queryFn: ({ pageParam }): Promise<RoomsPage> => api.myRooms(pageParam),
    enabled: viewerId !== undefined,
    ...PAGES,
  });
  const rooms = useMemo(() => (query.data === undefined ? [] : listedRooms(query.data)), [query.data]);
  const ownRooms = useMemo(() => {
    const mine = own.data === undefined || viewerId === undefined ? [] : listedRooms(own.data);
    return mine.filter(({ visibility }) => visibility !== "public");
  }, [own.data, viewerId]);

  const listener = useMemo(() => {
    const change = (by: (rooms: Rooms) => Rooms) =>
      queryClient.setQueriesData<Rooms>({ queryKey: ROOMS_KEY }, (data) => data && by(data));
    const refetch = () => void queryClient.invalidateQueries({ queryKey: ROOMS_KEY });
    const refetched = new Set<string>();
    return {
      updated: (update: RoomUpdated) => {
        const { room_id, message_count = 0, last_message } = update;
        change((data) => updateRoom(data, update));
        if (last_message === undefined && message_count > 0 && !refetched.has(room_id)) {
          // The stream does not know the messages from before it followed the room.
          const data = queryClient.getQueryData<Rooms>(PUBLIC_KEY);
          const known = data && listedRooms(data).find(({ id }) => id === room_id);
          refetched.add(room_id);
          if (known?.last_message === null) refetch();
        }
        for (const seq of seqsToDiscount(update, viewerId)) readCounts.discount(room_id, seq, message_count);
      },
      signal: (type: string, body: unknown) => {
        const signal = body as { room_id: string; heat?: Heat; viewers?: number; name?: string };
        const { room_id, heat, viewers, name } = signal;
        if (type === "room.heat" && heat) change((data) => changeRoom(data, room_id, { heat }));
        if (type === "room.viewers" && viewers !== undefined)
          change((data) => changeRoom(data, room_id, { viewers }));
        if (type === "room.created" && name !== undefined)
          queryClient.setQueryData<Rooms>(PUBLIC_KEY, (data) => data && addRoom(data, room_id, name));
      },
      missed: refetch,
    };
  }, [queryClient, readCounts, viewerId]);
  const areListsComplete = limits !== undefined && (viewerId === undefined || !own.isPending);
  const followed = areListsComplete ? [...ownRooms, ...rooms].slice(0, limits.listed_rooms) : [];
  useRoomListStream(followed, listener);

  return { ...query, rooms, ownRooms, loadMoreOwn: own.hasNextPage ? () => void own.fetchNextPage() : null };
}

/** The options of both lists. */
const PAGES = {
  initialPageParam: undefined as string | undefined,
  getNextPageParam: (page: RoomsPage) => page.next_cursor ?? undefined,
  staleTime: 30_000,
  structuralSharing: (before: unknown, fetched: unknown) =>
    withNewerRooms(before as Rooms | undefined, fetched as Rooms),
};

/** The rooms whose name contains the query: rooms already listed at once, all others a moment later. */
export function useRoomsNamed(
  { query, problem }: RoomSearch,
  listed: readonly ListedRoom[],
  isAllListed: boolean,
): readonly ListedRoom[] {
  const { api } = useServices();
  const wanted = useDeferredValue(problem === null ? query : "");
  const { data } = useQuery({
    queryKey: ["rooms-named", wanted],
    queryFn: () => api.roomsNamed(wanted),
    enabled: wanted !== "" && !isAllListed,
    staleTime: 30_000,
  });
  const here = roomsNamedHere(query, listed);
  const known = new Set(listed.map((room) => room.id));
  const others = wanted === query ? (data?.rooms ?? []).filter((room) => !known.has(room.id)) : [];
  return wanted === "" ? here : [...here, ...others];
}
