import { useVirtualizer, type VirtualItem, type Virtualizer } from "@tanstack/react-virtual";
import { useCallback, useLayoutEffect, useRef, type Key, type RefObject } from "react";
import type { RowDensity } from "@/lib/room-view/row-density";
import type { Row } from "@/lib/room-view/rows";

const END_THRESHOLD_PX = 48;
const NEVER_AT_END_PX = -1;
const ESTIMATED_PX: Record<Exclude<Row["kind"], "message">, number> = { start: 120, day: 40 };
const ESTIMATED_MESSAGE_PX: Record<RowDensity, number> = { comfortable: 68, compact: 28 };

export type RowVirtualizer = Virtualizer<HTMLDivElement, Element>;

interface RowVirtualizerOptions {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly rows: readonly Row[];
  readonly isPaused: boolean;
  readonly density: RowDensity;
}

/** Decides which rows are in the page, and where. New rows above the visible part do not move it. */
export function useRowVirtualizer({
  scroller,
  rows,
  isPaused,
  density,
}: RowVirtualizerOptions): RowVirtualizer {
  const measuredAs = useRef(density);
  const virtualizer = useVirtualizer<HTMLDivElement, Element>({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (index) => estimatedPx(rows[index]?.kind ?? "message", measuredAs.current),
    getItemKey: useCallback((index: number) => rows[index]?.key ?? index, [rows]),
    anchorTo: "end",
    // A paused list is never "at the end": rows that arrive below must not push what is in view.
    scrollEndThreshold: isPaused ? NEVER_AT_END_PX : END_THRESHOLD_PX,
    overscan: 8,
    paddingEnd: 12,
  });
  virtualizer.shouldAdjustScrollPositionOnItemSizeChange = isAboveTheFold;
  const topKey = useRef<Key | null>(null);
  useLayoutEffect(() => {
    if (topKey.current === null) return;
    const top = rows.findIndex(({ key }) => key === topKey.current);
    topKey.current = null;
    // Not by scrollToIndex, which would follow the index when history arrives before this row.
    const [startPx] = virtualizer.getOffsetForIndex(top, "start") ?? [];
    if (top >= 0 && startPx !== undefined) virtualizer.scrollToOffset(startPx);
  });
  useLayoutEffect(() => {
    if (measuredAs.current === density) return;
    // The estimates change only here, so the old positions still tell which row is at the top. It is scrolled back to the
    // top with the next render, when the list has its new height.
    if (isPaused) topKey.current = firstWholeRow(virtualizer);
    measuredAs.current = density;
    measureAgain(virtualizer);
    if (!isPaused) virtualizer.scrollToEnd();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only when the density changes
  }, [density]);
  return virtualizer;
}

const estimatedPx = (kind: Row["kind"], density: RowDensity): number =>
  kind === "message" ? ESTIMATED_MESSAGE_PX[density] : ESTIMATED_PX[kind];

/** The key of the first row whose top is in view. */
function firstWholeRow(virtualizer: RowVirtualizer): Key | null {
  const topPx = virtualizer.scrollOffset ?? 0;
  return virtualizer.getVirtualItems().find(({ start }) => start >= topPx)?.key ?? null;
}

/** Forget the heights of all rows, and measure those that are in the page. */
function measureAgain(virtualizer: RowVirtualizer): void {
  virtualizer.measure();
  for (const element of [...virtualizer.elementsCache.values()]) {
    virtualizer.getTotalSize(); // builds the positions that the next size is compared with
    virtualizer.resizeItem(virtualizer.indexFromElement(element), element.getBoundingClientRect().height);
  }
}

/** Whether to correct the scroll position for a row's new height. By default the virtualizer makes no correction while the
 * reader scrolls up. But then history arrives, and the row that was first loses its author's name. */
function isAboveTheFold(
  row: VirtualItem,
  _grownPx: number,
  { itemSizeCache, scrollOffset }: RowVirtualizer,
): boolean {
  return (itemSizeCache.has(row.key) ? row.end - 1 : row.start) < (scrollOffset ?? 0);
}
