import {
  useCallback,
  useEffect,
  useRef,
  type FocusEvent,
  type KeyboardEvent,
  type PointerEvent,
  type RefObject,
} from "react";
import { moveRowFocus } from "./row-focus";
import { HOVER_PAUSE_MS, type PauseEvent } from "@/lib/room-view/list-pause";

/** From this rate on the list stands still under a resting pointer; in a quieter room that would only hide news. */
export const PAUSE_BUSY_PER_S = 2;

const PAUSING_KEYS = new Set(["PageUp", "PageDown", "Home", "ArrowUp", "ArrowDown"]);

interface GestureOptions {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly dispatchPause: (event: PauseEvent) => void;
  readonly isBusy: boolean;
  readonly isPaused: boolean;
  readonly isAtEnd: () => boolean;
  readonly toEnd: () => void;
}

/** What a reader does with the list, said as dispatchPause events. In a quiet room, scrolling back down lets it go again. */
export function usePauseGestures({
  scroller,
  dispatchPause,
  isBusy,
  isPaused,
  isAtEnd,
  toEnd,
}: GestureOptions) {
  const hoverTimer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const isHovering = useRef(false);
  const isReaderScrolling = useRef(false); // the list's own scrolling to its end must not undo a jump
  const now = useRef({ isBusy, isPaused, isAtEnd, toEnd });
  useEffect(() => {
    now.current = { isBusy, isPaused, isAtEnd, toEnd };
    if (isBusy && isHovering.current) dispatchPause({ type: "began", reason: "hover" });
  });

  const began = useCallback(() => {
    isReaderScrolling.current = true;
    dispatchPause({ type: "began", reason: "scroll" });
  }, [dispatchPause]);

  useEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const wheel = (event: WheelEvent) => {
      if (now.current.isBusy || event.deltaY < 0 || !now.current.isAtEnd()) began();
    };
    const scrolled = () => {
      const { isBusy, isPaused, isAtEnd, toEnd } = now.current;
      // The end of a scroll that was on its way when the list was let go.
      if (!isPaused && !isAtEnd()) toEnd();
      if (!isPaused) isReaderScrolling.current = false;
      const isBack = isReaderScrolling.current && isAtEnd();
      if (isPaused && !isBusy && isBack && getSelection()?.isCollapsed !== false && !menuIsOpen()) {
        isReaderScrolling.current = false;
        dispatchPause({ type: "back-to-newest" });
      }
    };
    const selected = () => {
      const selection = getSelection();
      if (selection?.isCollapsed === false && element.contains(selection.anchorNode)) {
        dispatchPause({ type: "began", reason: "selection" });
      }
    };
    element.addEventListener("wheel", wheel, { passive: true });
    element.addEventListener("touchmove", began, { passive: true });
    element.addEventListener("scrollend", scrolled);
    document.addEventListener("selectionchange", selected);
    return () => {
      element.removeEventListener("wheel", wheel);
      element.removeEventListener("touchmove", began);
      element.removeEventListener("scrollend", scrolled);
      document.removeEventListener("selectionchange", selected);
      clearTimeout(hoverTimer.current);
    };
  }, [scroller, dispatchPause, began]);

  return {
    onPointerEnter: (event: PointerEvent) => {
      if (event.pointerType !== "mouse") return;
      hoverTimer.current = setTimeout(() => {
        isHovering.current = true;
        if (now.current.isBusy) dispatchPause({ type: "began", reason: "hover" });
      }, HOVER_PAUSE_MS);
    },
    onPointerLeave: (event: PointerEvent) => {
      clearTimeout(hoverTimer.current);
      isHovering.current = false;
      const left = () => dispatchPause({ type: "hover-left" });
      // A finger leaves before its click comes, which must still find the row it went down on.
      if (event.pointerType === "touch") hoverTimer.current = setTimeout(left, HOVER_PAUSE_MS);
      else left();
    },
    onPointerDown: (event: PointerEvent) => {
      if (event.target === scroller.current) began(); // its scroll bar
      // A click must act on what was under the pointer when it went down.
      const isTouch = event.pointerType === "touch";
      if (isTouch && now.current.isBusy) dispatchPause({ type: "began", reason: "scroll" });
      else if (isTouch || now.current.isBusy) dispatchPause({ type: "began", reason: "hover" });
    },
    onFocus: (event: FocusEvent) => {
      const isByKeyboard = event.target.matches(":focus-visible");
      if (event.target !== scroller.current && (isByKeyboard || now.current.isBusy)) {
        dispatchPause({ type: "began", reason: "focus" });
      }
    },
    onKeyDown: (event: KeyboardEvent) => {
      // React's events come through portals too: the keys of an open menu are the menu's.
      const list = scroller.current;
      if (list === null || !(event.target instanceof Node) || !list.contains(event.target)) return;
      if (PAUSING_KEYS.has(event.key)) began();
      if (moveRowFocus(list, event.key)) event.preventDefault();
      if (event.key === "End" || event.key === "Escape") {
        event.preventDefault();
        dispatchPause({ type: "back-to-newest" });
      }
    },
  };
}

const menuIsOpen = () => document.querySelector("[role=menu]") !== null;
