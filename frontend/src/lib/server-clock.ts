import type { Clock } from "./clock";

/** Half of the resolution of a `Date` header. */
const ROUNDING_MS = 500;

/** A clock whose time of day is the server's, because the device's may be wrong, by years or by a time zone. Until the first
 * response, it is the device's. */
export class ServerClock implements Clock {
  #aheadMs = 0; // of the device

  constructor(private readonly device: Clock) {}

  now = (): number => this.device.now();

  after = (ms: number, call: () => void): (() => void) => this.device.after(ms, call);

  epochMs = (): number => this.device.epochMs() + this.#aheadMs;

  /** Learn the time from the `Date` of a response, unless it is missing or, by its `Age`, that of a stored response. */
  observe = ({ headers }: Pick<Response, "headers">): void => {
    const timeMs = Date.parse(headers.get("Date") ?? "");
    if (Number.isNaN(timeMs) || headers.has("Age")) return;
    this.#aheadMs = timeMs + ROUNDING_MS - this.device.epochMs();
  };
}
