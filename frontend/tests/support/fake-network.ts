import type { Clock } from "@/lib/clock";
import { NetworkReturn } from "@/lib/network-return";

/** A network that returns when a test says so. */
export class FakeNetwork extends NetworkReturn {
  readonly #page: EventTarget;

  constructor(clock: Clock) {
    const page = Object.assign(new EventTarget(), {
      document: Object.assign(new EventTarget(), { hidden: false }),
    });
    super(page, clock);
    this.#page = page;
  }

  return(): void {
    this.#page.dispatchEvent(new Event("online"));
  }
}
