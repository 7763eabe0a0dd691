import type { FocusEvent } from "react";
import type { HoldReason } from "@/lib/order-hold";

/** The handlers of a list whose order is held while the pointer or the keyboard focus is in it. */
export const holdHandlers = (begin: (reason: HoldReason) => void, end: (reason: HoldReason) => void) => ({
  onPointerEnter: () => begin("pointer"),
  onPointerLeave: () => end("pointer"),
  // A click also focuses its target. That focus must not hold the order until it moves elsewhere.
  onFocus: ({ target }: FocusEvent) => {
    if (target.matches(":focus-visible")) begin("focus");
  },
  onBlur: ({ currentTarget, relatedTarget }: FocusEvent) => {
    if (!currentTarget.contains(relatedTarget)) end("focus");
  },
});
