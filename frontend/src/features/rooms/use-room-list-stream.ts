import { useEffect, useState } from "react";
import type { ListedRoom } from "@/lib/contract/types";
import { followRooms, type RoomListListener } from "@/lib/rooms/follow-rooms";
import { openListStream } from "@/lib/rooms/list-stream";
import { useServices, useViewer } from "@/ui/services-context";

const FOLLOW_AFTER_MS = 2_000;
const FOLLOW_JITTER_MS = 6_000;

/** Keeps one stream open for these rooms. `listener` must not change between renders. */
export function useRoomListStream(rooms: readonly ListedRoom[], listener: RoomListListener): void {
  const { api, openNotify, clock, network } = useServices();
  const readerId = useViewer()?.id;
  const hasPrivate = rooms.some(({ visibility }) => visibility === "private");
  const ids = rooms.map(({ id }) => id);
  const followed = useSettled(ids.sort().join(" "));
  useEffect(() => {
    if (followed === "") return;
    return followRooms(followed.split(" "), {
      openNotify: openListStream({ api, openNotify, readerId: hasPrivate ? readerId : undefined }),
      listener,
      clock,
      network,
      random: Math.random,
    });
  }, [followed, hasPrivate, readerId, api, openNotify, listener, clock, network]);
}

/** Returns the first value at once and later values after some seconds. Otherwise each new room would make every open page
 * reconnect at the same time. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState("");
  const isFirst = settled === "";
  useEffect(() => {
    const waitMs = isFirst ? 0 : FOLLOW_AFTER_MS + Math.random() * FOLLOW_JITTER_MS;
    const timer = setTimeout(() => setSettled(value), waitMs);
    return () => clearTimeout(timer);
  }, [value, isFirst]);
  return settled;
}
