/** When the list stands still. Pure: what happened goes in, the reasons to stand still come out. */

/** What makes the list stand still. Hover alone ends by itself. */
export type FreezeReason = "hover" | "scroll" | "selection" | "focus" | "menu" | "history";

export type FreezeEvent =
  | { readonly type: "began"; readonly reason: FreezeReason }
  | { readonly type: "hover-left" }
  /** End, Esc or the chip. */
  | { readonly type: "back-to-newest" };

export type Freeze = ReadonlySet<FreezeReason>;

export const MOVING: Freeze = new Set();

export const HOVER_FREEZE_MS = 300;

export function nextFreeze(freeze: Freeze, event: FreezeEvent): Freeze {
  switch (event.type) {
    case "began":
      return freeze.has(event.reason) ? freeze : new Set([...freeze, event.reason]);
    case "hover-left":
      return freeze.has("hover") ? new Set([...freeze].filter((reason) => reason !== "hover")) : freeze;
    case "back-to-newest":
      return freeze.size === 0 ? freeze : MOVING;
  }
}
