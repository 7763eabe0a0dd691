/** How often the screen may change: at most once a frame, and at most four times a second in a busy room. */

export const BUSY_PER_S = 20;
export const BUSY_COMMIT_MS = 250;
export const SLOWED_COMMIT_MS = 600;
export const SMOOTH_SCROLL_PER_S = 5;

/** Milliseconds until the next commit; 0 means with the next frame. `slowed`: the app is too slow for its frames. */
export function commitDelayMs(sinceCommitMs: number, messagesPerS: number, slowed: boolean): number {
  const apart = slowed ? SLOWED_COMMIT_MS : messagesPerS > BUSY_PER_S ? BUSY_COMMIT_MS : 0;
  return Math.max(0, apart - sinceCommitMs);
}

/** Messages per second over the last second, by arrival time; decays to 0 without new messages. */
export class RateMeter {
  #second = -1;
  #count = 0;
  #before = 0;

  add(nowMs: number, messages = 1): void {
    this.#roll(nowMs);
    this.#count += messages;
  }

  perS(nowMs: number): number {
    this.#roll(nowMs);
    const passed = (nowMs % 1_000) / 1_000;
    return this.#count + this.#before * (1 - passed);
  }

  #roll(nowMs: number): void {
    const second = Math.floor(nowMs / 1_000);
    if (second === this.#second) return;
    this.#before = second === this.#second + 1 ? this.#count : 0;
    this.#second = second;
    this.#count = 0;
  }
}
