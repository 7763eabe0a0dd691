/** Holds the order of a list while the reader is about to pick a row: no row may move under the pointer or the focus. */
import type { Clock } from "@/lib/clock";
import { Listeners } from "@/lib/listeners";

/** The hold outlasts its reason, because a click follows the end of a touch and a pointer may slip off the list briefly. */
export const RELEASE_MS = 1_000;

export type HoldReason = "pointer" | "focus";

/** `Shown` is what the list shows: the ids of its rows, or the rows. */
export class OrderHold<Shown = readonly string[]> {
  #held: Shown | null = null;
  readonly #reasons = new Set<HoldReason>();
  #cancelRelease = () => {};
  readonly #listeners = new Listeners();

  constructor(private readonly clock: Clock) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** What was shown when the hold began; null while the order may change. */
  getSnapshot = (): Shown | null => this.#held;

  /** Hold the order that the reader sees. */
  begin(reason: HoldReason, shown: Shown): void {
    this.#cancelRelease();
    this.#reasons.add(reason);
    if (this.#held !== null) return;
    this.#held = shown;
    this.#listeners.notify();
  }

  /** During a hold, hold what the list shows now instead. */
  replace(shown: Shown): void {
    if (this.#held === null) return;
    this.#held = shown;
    this.#listeners.notify();
  }

  end(reason: HoldReason): void {
    if (!this.#reasons.delete(reason) || this.#reasons.size > 0) return;
    this.#cancelRelease = this.clock.after(RELEASE_MS, () => {
      this.#held = null;
      this.#listeners.notify();
    });
  }
}
