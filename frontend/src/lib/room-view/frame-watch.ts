/** Whether the page keeps up: two seconds of frames over 50 ms say no, ten good seconds say yes again. */

export const SLOW_FRAME_MS = 50;
export const SLOW_AFTER_MS = 2_000;
export const GOOD_AFTER_MS = 10_000;
const SLOW_SHARE = 0.8; // a page that falls behind still draws a quick frame now and then
const PAUSE_MS = 1_000; // a frame this late may have been a sleeping page: no more than this of it counts

export class FrameWatch {
  #lastMs: number | null = null;
  /** What the last two seconds' frames took; at most one more than fits. */
  #frames: number[] = [];
  #totalMs = 0;
  #slowMs = 0;
  #goodMs = 0;
  #isSlowed = false;

  constructor(private readonly changed: (isSlowed: boolean) => void) {}

  /** A frame was painted at `nowMs`. */
  frame(nowMs: number): void {
    const tookMs = this.#lastMs === null ? 0 : Math.min(nowMs - this.#lastMs, PAUSE_MS);
    this.#lastMs = nowMs;
    this.#frames.push(tookMs);
    this.#count(tookMs, 1);
    while (this.#totalMs - (this.#frames[0] ?? 0) >= SLOW_AFTER_MS)
      this.#count(this.#frames.shift() ?? 0, -1);
    this.#goodMs = tookMs > SLOW_FRAME_MS ? 0 : this.#goodMs + tookMs;
    if (this.#totalMs >= SLOW_AFTER_MS && this.#slowMs >= SLOW_SHARE * this.#totalMs) this.#set(true);
    else if (this.#goodMs >= GOOD_AFTER_MS) this.#set(false);
  }

  #count(tookMs: number, sign: 1 | -1): void {
    this.#totalMs += sign * tookMs;
    if (tookMs > SLOW_FRAME_MS) this.#slowMs += sign * tookMs;
  }

  #set(isSlowed: boolean): void {
    if (isSlowed === this.#isSlowed) return;
    this.#isSlowed = isSlowed;
    this.changed(isSlowed);
  }
}
