/** Reports the end of scrolling. Some browsers lack the event `scrollend`, and a gesture may move nothing, so the end is
 * also assumed after a short time without a scroll. */

export const SCROLL_IDLE_MS = 150;
export const GESTURE_IDLE_MS = 500; // longer than SCROLL_IDLE_MS, because a gesture moves the list only after some time
/** Frames that must also pass: a busy browser begins the scroll of a key some frames later, and its frames are slow. */
export const IDLE_FRAMES = 4;

/** Call `ended` at `scrollend`, SCROLL_IDLE_MS after the last scroll, and GESTURE_IDLE_MS after the last gesture, but not
 * while a finger is down. `didScroll` is false after a gesture that moved nothing. One scroll may end twice. Returns a
 * function that stops the calls. */
export function watchScrollEnd(element: EventTarget, ended: (didScroll: boolean) => void): () => void {
  let stopWaiting: (() => void) | undefined;
  let isTouched = false;
  let didScroll = false;
  const endNow = () => {
    stopWaiting?.();
    stopWaiting = undefined;
    if (isTouched) return;
    ended(didScroll);
    didScroll = false;
  };
  const scrolled = () => {
    didScroll = true;
    stopWaiting?.();
    stopWaiting = whenIdle(SCROLL_IDLE_MS, endNow);
  };
  // Gestures that continue at the end of the list must not delay the end of scrolling.
  const gestured = () => {
    stopWaiting ??= whenIdle(GESTURE_IDLE_MS, endNow);
  };
  const touched = (event: Event) => {
    isTouched = event.type === "touchstart" || (event as TouchEvent).touches.length > 0;
    gestured();
    if (event.type !== "touchstart") return;
    // The row under the finger may be removed in the meantime. Its events then no longer reach the list.
    for (const type of ["touchend", "touchcancel"])
      event.target?.addEventListener(type, touched, { once: true });
  };
  const listeners: readonly (readonly [string, (event: Event) => void])[] = [
    ["scrollend", endNow],
    ["scroll", scrolled],
    ["wheel", gestured],
    ["keydown", gestured],
    ["touchstart", touched],
  ];
  for (const [type, listener] of listeners) element.addEventListener(type, listener, { passive: true });
  return () => {
    stopWaiting?.();
    for (const [type, listener] of listeners) element.removeEventListener(type, listener);
  };
}

/** Call `idle` after `ms` and IDLE_FRAMES further frames. Returns a function that prevents the call. */
function whenIdle(ms: number, idle: () => void): () => void {
  let framesLeft = IDLE_FRAMES;
  let frame = 0;
  const next = () => {
    framesLeft -= 1;
    if (framesLeft < 0) idle();
    else frame = requestAnimationFrame(next);
  };
  const timer = setTimeout(next, ms);
  return () => {
    clearTimeout(timer);
    cancelAnimationFrame(frame);
  };
}
