import type { Clock } from "@/lib/clock";

/** A clock that stands still until a test advances it. */
export class FakeClock implements Clock {
  #nowMs = 1_000_000_000_000;
  #setByMs = 0;
  #timers: { atMs: number; call: () => void }[] = [];

  now = (): number => this.#nowMs;

  epochMs = (): number => this.#nowMs + this.#setByMs;

  after = (ms: number, call: () => void): (() => void) => {
    const timer = { atMs: this.#nowMs + ms, call };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };

  /** The device's clock is set forward by `ms`, or back. Waits are not affected. */
  set(ms: number): void {
    this.#setByMs += ms;
  }

  /** Let time pass, calling back in order, and let promises settle after each. */
  async advance(ms: number): Promise<void> {
    await settled();
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const due = this.#timers.filter((timer) => timer.atMs <= untilMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#nowMs = due.atMs;
      due.call();
      await settled();
    }
    this.#nowMs = untilMs;
    await settled();
  }
}

/** After every promise that is ready now, and those they make. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}
