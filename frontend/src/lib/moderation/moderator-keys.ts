/** Which key presses the moderator view handles, and what they select. */

const OVER_THE_PAGE = "[role=dialog], [role=alertdialog], [role=menu]";
const FIELD = "input, textarea, select";

/** Where a key press belongs: to the page, or to a field, a dialog, a menu or the browser. */
export function keyTarget(event: KeyboardEvent): "page" | "elsewhere" {
  const target = event.target instanceof Element ? event.target : null;
  const isElsewhere =
    event.defaultPrevented ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey ||
    target?.closest(`${OVER_THE_PAGE}, ${FIELD}`) != null;
  return isElsewhere ? "elsewhere" : "page";
}

/** The index after a step through `length` items; it stops at both ends. -1 stands before the first item. */
export const nextIndex = (at: number, step: number, length: number): number =>
  Math.min(length - 1, Math.max(0, at + step));
