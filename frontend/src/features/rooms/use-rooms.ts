import { useInfiniteQuery, useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { useDeferredValue, useEffect, useMemo } from "react";
import type { Heat, ListedRoom, RoomsPage } from "@/lib/contract/types";
import { backoffMs } from "@/lib/feed/backoff";
import { useServices } from "@/ui/services-context";
import { NOTIFY_ROOMS_MAX } from "@/lib/stream/notify-stream";

const ROOMS_KEY = ["rooms"];
const NOTIFY_AGAIN_MS = 1_000; // a refused stream says no more than that it is closed

type Change = Partial<Pick<ListedRoom, "last_seq" | "message_count" | "heat" | "viewers" | "last_message">>;

/** The rooms by activity, kept fresh by one notify stream for all that are listed. */
export function useRooms() {
  const { api, openNotify } = useServices();
  const queryClient = useQueryClient();
  const query = useInfiniteQuery({
    queryKey: ROOMS_KEY,
    queryFn: ({ pageParam }) => api.rooms(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.next_cursor ?? undefined,
    staleTime: 30_000,
  });
  const rooms = useMemo(() => query.data?.pages.flatMap((page) => page.rooms) ?? [], [query.data]);

  const listed = rooms
    .slice(0, NOTIFY_ROOMS_MAX)
    .map((room) => room.id)
    .sort()
    .join(" ");
  useEffect(() => {
    if (listed === "") return;
    const change = (roomId: string, by: Change) => {
      queryClient.setQueryData<InfiniteData<RoomsPage>>(
        ROOMS_KEY,
        (data) => data && changeRoom(data, roomId, by),
      );
    };
    let attempt = 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let close = () => {};
    const open = () => {
      close = openNotify(listed.split(" "), {
        updated: ({ room_id, seq, message_count, last_message }) => {
          attempt = 0;
          change(room_id, {
            last_seq: seq,
            ...(message_count !== undefined && { message_count }),
            ...(last_message !== undefined && { last_message }),
          });
        },
        signal: (type, body) => {
          const said = body as { room_id: string; heat?: Heat; viewers?: number };
          if (type === "room.heat" && said.heat) change(said.room_id, { heat: said.heat });
          if (type === "room.viewers" && said.viewers !== undefined)
            change(said.room_id, { viewers: said.viewers });
        },
        closed: () => {
          timer = setTimeout(open, NOTIFY_AGAIN_MS + backoffMs(attempt, Math.random));
          attempt += 1;
        },
      });
    };
    open();
    return () => {
      clearTimeout(timer);
      close();
    };
  }, [listed, openNotify, queryClient]);

  return { ...query, rooms };
}

/** The rooms whose name contains the words: of those already listed at once, of all the others a moment later. */
export function useRoomsNamed(words: string, listed: readonly ListedRoom[], isAllListed: boolean) {
  const { api } = useServices();
  const wanted = useDeferredValue(words.trim());
  const { data } = useQuery({
    queryKey: ["rooms-named", wanted],
    queryFn: () => api.roomsNamed(wanted),
    enabled: wanted !== "" && !isAllListed,
    staleTime: 30_000,
  });
  const here = listed.filter((room) => room.name.toLowerCase().includes(words.trim().toLowerCase()));
  const known = new Set(listed.map((room) => room.id));
  const others = wanted === words.trim() ? (data?.rooms ?? []).filter((room) => !known.has(room.id)) : [];
  return wanted === "" ? here : [...here, ...others];
}

function changeRoom(data: InfiniteData<RoomsPage>, roomId: string, by: Change): InfiniteData<RoomsPage> {
  return {
    ...data,
    pages: data.pages.map((page) => ({
      ...page,
      rooms: page.rooms.map((room) => (room.id === roomId ? { ...room, ...by } : room)),
    })),
  };
}
