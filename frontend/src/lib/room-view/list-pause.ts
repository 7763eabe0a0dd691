/** When the message list pauses. Pure: an event goes in, the set of reasons to pause comes out. */

/** Why the list is paused. A pause by hover ends when the pointer leaves, one for a menu when the menu closes. */
export type PauseReason = "hover" | "scroll" | "selection" | "focus" | "menu" | "history";

export type PauseEvent =
  | { readonly type: "began"; readonly reason: PauseReason }
  | { readonly type: "ended"; readonly reason: "hover" | "menu" }
  /** End, Esc, or the button "back to newest". */
  | { readonly type: "back-to-newest" };

export type Pause = ReadonlySet<PauseReason>;

export const NOT_PAUSED: Pause = new Set();

export const HOVER_PAUSE_MS = 300;

export function nextPause(pause: Pause, event: PauseEvent): Pause {
  switch (event.type) {
    case "began":
      return pause.has(event.reason) ? pause : new Set([...pause, event.reason]);
    case "ended":
      return pause.has(event.reason)
        ? new Set([...pause].filter((reason) => reason !== event.reason))
        : pause;
    case "back-to-newest":
      return pause.size === 0 ? pause : NOT_PAUSED;
  }
}
