import { useVirtualizer, type VirtualItem, type Virtualizer } from "@tanstack/react-virtual";
import { useCallback, type RefObject } from "react";
import type { Row } from "@/lib/room-view/rows";

const END_THRESHOLD_PX = 48;
const NEVER_AT_END_PX = -1;
const ESTIMATED_PX: Record<Row["kind"], number> = { start: 120, day: 40, message: 68 };

export type RowVirtualizer = Virtualizer<HTMLDivElement, Element>;

/** Decides which rows are in the page, and where. New rows above the visible part do not move it. */
export function useRowVirtualizer(
  scroller: RefObject<HTMLDivElement | null>,
  rows: readonly Row[],
  isPaused: boolean,
): RowVirtualizer {
  const virtualizer = useVirtualizer<HTMLDivElement, Element>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => ESTIMATED_PX[rows[index]?.kind ?? "message"],
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    anchorTo: "end",
    // A paused list is never "at the end": rows that arrive below must not push what is in view.
    scrollEndThreshold: isPaused ? NEVER_AT_END_PX : END_THRESHOLD_PX,
    overscan: 8,
    paddingEnd: 12,
  });
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = isAboveTheFold;
  return virtualizer;
}

/** Whether to correct the scroll position for a row's new height. By default the virtualizer does not while the reader
 * scrolls up. That is when history arrives, and the row that was first loses its author's name. */
function isAboveTheFold(
  row: VirtualItem,
  _grownPx: number,
  { itemSizeCache, scrollOffset }: RowVirtualizer,
): boolean {
  return (itemSizeCache.has(row.key) ? row.end - 1 : row.start) < (scrollOffset ?? 0);
}
