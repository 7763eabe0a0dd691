import { useEffect } from "react";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import type { RowVirtualizer } from "./use-row-virtualizer";

const OLDER_WHEN_ROWS_ABOVE = 8;
const NEWER_WHEN_ROWS_BELOW = 2;
const SHORT_LIST_PX = 2_000;
const OLDER_UNASKED_MAX = 200; // in a crowded room few messages get rows: do not fetch history to fill the list

/** Loads the page before the first message or after the last one when the reader comes near it. */
export function useLoadHistory(virtualizer: RowVirtualizer, screen: RoomScreen): void {
  const { feed } = useOpenRoom();
  const { rows, isPaused, canLoadNewer } = screen;
  const { room, older } = screen.feed;
  const items = virtualizer.getVirtualItems();
  const firstIndex = items[0]?.index ?? 0;
  const lastIndex = items.at(-1)?.index ?? 0;

  useEffect(() => {
    if (canLoadNewer && lastIndex >= rows.length - NEWER_WHEN_ROWS_BELOW) void feed.loadNewer();
  }, [canLoadNewer, lastIndex, rows.length, feed]);

  const hasOlder = room?.hasOlder === true && older.status === "idle";
  const loadedCount = room?.messages.length ?? 0;
  const isShort = loadedCount < OLDER_UNASKED_MAX && virtualizer.getTotalSize() < SHORT_LIST_PX;
  useEffect(() => {
    if (hasOlder && firstIndex <= OLDER_WHEN_ROWS_ABOVE && (isPaused || isShort)) void feed.loadOlder();
  }, [hasOlder, firstIndex, isPaused, isShort, feed]);
}
