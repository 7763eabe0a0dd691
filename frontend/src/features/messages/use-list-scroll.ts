import { useEffect, useLayoutEffect, useRef, type RefObject } from "react";
import { SMOOTH_SCROLL_PER_S } from "@/lib/room-view/commit-pace";
import type { RoomScreen } from "@/lib/room-view/room-view";
import type { RowVirtualizer } from "./use-row-virtualizer";

/** Scrolls the list: to its end while it is not paused, and to the message that the reader jumps to. */
export function useListScroll(
  scroller: RefObject<HTMLDivElement | null>,
  virtualizer: RowVirtualizer,
  { rows, isPaused, messagesPerS, target }: RoomScreen,
): void {
  const hasRows = rows.length > 0;
  const isFollowing = useRef(false);
  useLayoutEffect(() => {
    if (!isPaused && hasRows) {
      const isSmooth = isFollowing.current && messagesPerS <= SMOOTH_SCROLL_PER_S && !prefersReducedMotion();
      virtualizer.scrollToEnd({ behavior: isSmooth ? "smooth" : "auto" });
    }
    isFollowing.current = !isPaused && hasRows;
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only when rows change or a pause ends
  }, [rows, isPaused]);

  // A composer that grows, or a phone's keyboard, must not push the newest message out of view.
  useEffect(() => {
    const element = scroller.current;
    if (element === null || isPaused) return;
    const observer = new ResizeObserver(() => virtualizer.scrollToEnd());
    observer.observe(element);
    return () => observer.disconnect();
  }, [scroller, isPaused, virtualizer]);

  useLayoutEffect(() => {
    if (target === null) return;
    const at = rows.findLastIndex((row) => row.kind === "message" && row.message.seq <= target.seq);
    if (at >= 0) virtualizer.scrollToIndex(at, { align: "center" });
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once per target
  }, [target]);
}

const prefersReducedMotion = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
