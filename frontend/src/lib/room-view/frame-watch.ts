/** Detects that the app is too slow: two seconds of frames over 50 ms set it, ten seconds of good frames clear it.
 *
 * It measures frames only after changes of the screen, because a page that asks for every frame keeps the device busy. */

export const SLOW_FRAME_MS = 50;
export const SLOW_AFTER_MS = 2_000;
export const GOOD_AFTER_MS = 10_000;
const SLOW_SHARE = 0.8; // a slow app still draws a quick frame now and then
const DRAWING_MS = 500; // a busy room changes the screen four times a second, so its frames are measured without a pause
const PAUSE_MS = 1_000; // a later frame may mean a suspended tab: count at most this much

export class FrameWatch {
  /** Null before the first frame and after a pause of the measurement. */
  #lastMs: number | null = null;
  #hasChanged = false;
  #changedMs = -Infinity;
  /** Durations in ms of the frames of the last two seconds, plus at most one more. */
  #frames: number[] = [];
  #totalMs = 0;
  #slowMs = 0;
  #goodMs = 0;
  #isSlowed = false;

  constructor(private readonly onChange: (isSlowed: boolean) => void) {}

  /** The screen changes: measure the next frames. */
  screenChanged(): void {
    this.#hasChanged = true;
  }

  /** A frame was painted at `nowMs`. Returns whether to measure the next one. */
  frame(nowMs: number): boolean {
    const tookMs = this.#lastMs === null ? 0 : Math.min(nowMs - this.#lastMs, PAUSE_MS);
    this.#lastMs = nowMs;
    this.#frames.push(tookMs);
    this.#count(tookMs, 1);
    while (this.#totalMs - (this.#frames[0] ?? 0) >= SLOW_AFTER_MS)
      this.#count(this.#frames.shift() ?? 0, -1);
    this.#goodMs = tookMs > SLOW_FRAME_MS ? 0 : this.#goodMs + tookMs;
    if (this.#totalMs >= SLOW_AFTER_MS && this.#slowMs >= SLOW_SHARE * this.#totalMs) this.#set(true);
    else if (this.#goodMs >= GOOD_AFTER_MS) this.#set(false);
    if (this.#hasChanged) this.#changedMs = nowMs;
    this.#hasChanged = false;
    const goesOn = this.#isSlowed || nowMs - this.#changedMs < DRAWING_MS;
    if (!goesOn) this.#lastMs = null;
    return goesOn;
  }

  #count(tookMs: number, sign: 1 | -1): void {
    this.#totalMs += sign * tookMs;
    if (tookMs > SLOW_FRAME_MS) this.#slowMs += sign * tookMs;
  }

  #set(isSlowed: boolean): void {
    if (isSlowed === this.#isSlowed) return;
    this.#isSlowed = isSlowed;
    this.onChange(isSlowed);
  }
}
