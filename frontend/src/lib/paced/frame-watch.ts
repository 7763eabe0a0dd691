/** Whether the page keeps up: frames of over 50 ms for two seconds say no, ten good seconds say yes again. */

export const SLOW_FRAME_MS = 50;
export const SLOW_AFTER_MS = 2_000;
export const GOOD_AFTER_MS = 10_000;
const PAUSE_MS = 1_000; // a frame this late may have been a sleeping page: it counts from its end only

export class FrameWatch {
  #lastMs: number | null = null;
  #slowSinceMs: number | null = null;
  #goodSinceMs: number | null = null;
  #isSlowed = false;

  constructor(private readonly changed: (isSlowed: boolean) => void) {}

  /** A frame was painted at `nowMs`. */
  frame(nowMs: number): void {
    const tookMs = this.#lastMs === null ? 0 : nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (tookMs > PAUSE_MS) {
      this.#goodSinceMs = null;
      this.#slowSinceMs ??= nowMs;
      if (nowMs - this.#slowSinceMs >= SLOW_AFTER_MS) this.#set(true);
    } else if (tookMs > SLOW_FRAME_MS) {
      this.#goodSinceMs = null;
      this.#slowSinceMs ??= nowMs - tookMs;
      if (nowMs - this.#slowSinceMs >= SLOW_AFTER_MS) this.#set(true);
    } else {
      this.#slowSinceMs = null;
      this.#goodSinceMs ??= nowMs;
      if (nowMs - this.#goodSinceMs >= GOOD_AFTER_MS) this.#set(false);
    }
  }

  #set(isSlowed: boolean): void {
    if (isSlowed === this.#isSlowed) return;
    this.#isSlowed = isSlowed;
    this.changed(isSlowed);
  }
}
