import {
  useCallback,
  useEffect,
  useRef,
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
} from "react";
import { HOVER_PAUSE_MS, type PauseEvent } from "@/lib/room-view/list-pause";
import { moveRowFocus } from "./row-focus";
import { watchScrollEnd } from "./scroll-end";

/** From this rate on, a resting pointer pauses the list; in a quieter room that would only hide new messages. */
export const PAUSE_BUSY_PER_S = 2;

const PAUSING_KEYS = new Set(["PageUp", "PageDown", "Home", "ArrowUp", "ArrowDown"]);
const OVER_THE_LIST = "[role=menu], [role=tooltip]"; // parts of rows that are not inside the list's element
const RESIDUAL_SCROLL_MS = 1_000; // a scroll that was under way when the list resumed may take this long to end

export interface ListPosition {
  readonly topPx: number;
  readonly heightPx: number;
}

interface PauseGesturesOptions {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly dispatchPause: (event: PauseEvent) => void;
  readonly isBusy: boolean;
  readonly isPaused: boolean;
  /** How long the pointer rests in the list before a busy list pauses. */
  readonly hoverPauseMs: number;
  readonly isAtEnd: () => boolean;
  /** Where the list is and how long it is, in px, without a layout. */
  readonly position: () => ListPosition;
  readonly toEnd: () => void;
}

/** Turns the reader's gestures into pause events. In a quiet room, scrolling back to the end resumes the list. Returns the
 * handlers of the list's element. */
export function usePauseGestures(options: PauseGesturesOptions) {
  const { scroller, dispatchPause, isBusy, isPaused } = options;
  const hoverTimer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isHovering = useRef(false);
  const isReaderScrolling = useRef(false); // the list's own scroll to its end must not end the pause of a jump
  const isLastInputPointer = useRef(false);
  const resumedAtMs = useRef(-Infinity);
  const current = useRef(options);
  useEffect(() => {
    if (current.current.isPaused && !isPaused) resumedAtMs.current = performance.now();
    current.current = options;
    if (isBusy && isHovering.current) dispatchPause({ type: "began", reason: "hover" });
  });

  const beginScroll = useCallback(() => {
    isReaderScrolling.current = true;
    dispatchPause({ type: "began", reason: "scroll" });
  }, [dispatchPause]);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    let last = current.current.position();
    let hasMovedUp = false; // since the last end of a scroll
    const onScroll = () => {
      const position = current.current.position();
      // A list that becomes shorter moves up by itself, but not away from its end.
      const movedUpPx = last.topPx - position.topPx;
      hasMovedUp ||= movedUpPx > 0 && movedUpPx > last.heightPx - position.heightPx;
      last = position;
    };
    const onScrollEnd = (didScroll: boolean) => {
      const { isBusy, isPaused, isAtEnd, toEnd } = current.current;
      const isMovedUp = hasMovedUp;
      hasMovedUp = false;
      if (!isPaused) {
        isReaderScrolling.current = false;
        if (isAtEnd()) return;
        // Screen readers, the middle mouse button and "find in page" scroll without a gesture that the list receives. In a
        // busy room, the list's own corrections cannot be told apart from that.
        const isResidual = performance.now() - resumedAtMs.current < RESIDUAL_SCROLL_MS;
        if (isMovedUp && !isResidual && !isBusy) beginScroll();
        else toEnd();
        return;
      }
      // A row that has the focus must not move, unless the reader has scrolled.
      const isFocusHeld = !didScroll && document.activeElement?.closest("article") != null;
      const isBack = isReaderScrolling.current && !isFocusHeld && isAtEnd();
      if (!isBusy && isBack && getSelection()?.isCollapsed !== false && !isMenuOpen()) {
        isReaderScrolling.current = false;
        dispatchPause({ type: "back-to-newest" });
      }
    };
    const onWheel = (event: WheelEvent) => {
      if (event.ctrlKey) return; // zooms the page
      const { isBusy, isAtEnd } = current.current;
      if (isBusy || event.deltaY < 0 || !isAtEnd()) beginScroll();
    };
    const onSelectionChange = () => {
      const selection = getSelection();
      if (selection?.isCollapsed === false && element.contains(selection.anchorNode)) {
        dispatchPause({ type: "began", reason: "selection" });
      }
    };
    const onPointerDown = () => {
      isLastInputPointer.current = true;
    };
    const onKeyDown = () => {
      isLastInputPointer.current = false;
    };
    // A menu that closes under the pointer reports no leave, also where it hung over the edge of the list.
    const onPointerOver = ({ pointerType, target }: globalThis.PointerEvent) => {
      if (pointerType !== "mouse" || !(target instanceof Element)) return;
      if (element.contains(target) || target.closest(OVER_THE_LIST) !== null) return;
      clearTimeout(hoverTimer.current);
      isHovering.current = false;
      dispatchPause({ type: "ended", reason: "hover" });
    };
    const stopWatching = watchScrollEnd(element, onScrollEnd);
    element.addEventListener("scroll", onScroll, { passive: true });
    element.addEventListener("wheel", onWheel, { passive: true });
    element.addEventListener("touchmove", beginScroll, { passive: true });
    document.addEventListener("selectionchange", onSelectionChange);
    document.addEventListener("pointerdown", onPointerDown, true);
    document.addEventListener("keydown", onKeyDown, true);
    document.addEventListener("pointerover", onPointerOver);
    return () => {
      stopWatching();
      element.removeEventListener("scroll", onScroll);
      element.removeEventListener("wheel", onWheel);
      element.removeEventListener("touchmove", beginScroll);
      document.removeEventListener("selectionchange", onSelectionChange);
      document.removeEventListener("pointerdown", onPointerDown, true);
      document.removeEventListener("keydown", onKeyDown, true);
      document.removeEventListener("pointerover", onPointerOver);
      clearTimeout(hoverTimer.current);
    };
  }, [scroller, dispatchPause, beginScroll]);

  return {
    onPointerEnter: (event: PointerEvent) => {
      if (event.pointerType !== "mouse") return;
      // React reports an entry twice when a dialog closes above the list.
      clearTimeout(hoverTimer.current);
      hoverTimer.current = setTimeout(() => {
        isHovering.current = true;
        if (current.current.isBusy) dispatchPause({ type: "began", reason: "hover" });
      }, current.current.hoverPauseMs);
    },
    onPointerLeave: (event: PointerEvent) => {
      clearTimeout(hoverTimer.current);
      isHovering.current = false;
      const leave = () => dispatchPause({ type: "ended", reason: "hover" });
      // A finger leaves before its click arrives, and the click must still find the row under the finger.
      if (event.pointerType === "touch") hoverTimer.current = setTimeout(leave, HOVER_PAUSE_MS);
      else leave();
    },
    onPointerDown: (event: PointerEvent) => {
      if (event.target === scroller.current) beginScroll(); // its scroll bar
      // A click must act on the row that was under the pointer when the button went down.
      const isTouch = event.pointerType === "touch";
      if (isTouch && current.current.isBusy) dispatchPause({ type: "began", reason: "scroll" });
      else if (isTouch || current.current.isBusy) dispatchPause({ type: "began", reason: "hover" });
    },
    onFocus: (event: FocusEvent) => {
      const list = scroller.current;
      // React's events also bubble through portals, and an open menu is a reason of its own.
      if (event.target === list || list?.contains(event.target) !== true) return;
      // A click pauses by hover, which ends when the pointer leaves; the focus that it moves must not outlast that.
      const isByScript = current.current.isBusy && !isLastInputPointer.current;
      if (isByScript || event.target.matches(":focus-visible")) {
        dispatchPause({ type: "began", reason: "focus" });
      }
    },
    onKeyDown: (event: KeyboardEvent) => {
      // React's events also bubble through portals: an open menu handles its own keys.
      const list = scroller.current;
      if (list === null || !(event.target instanceof Node) || !list.contains(event.target)) return;
      if (PAUSING_KEYS.has(event.key)) beginScroll();
      if (moveRowFocus(list, event.key)) event.preventDefault();
      if (event.key === "End" || event.key === "Escape") {
        event.preventDefault();
        dispatchPause({ type: "back-to-newest" });
      }
    },
  };
}

const isMenuOpen = () => document.querySelector("[role=menu]") !== null;
