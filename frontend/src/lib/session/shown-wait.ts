/** Waits between the attempts of a call, shown by its form. */
import { Problem } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import type { NetworkReturn } from "@/lib/network-return";

export interface ShownWait {
  /** Why the last attempt failed; null if no server responded. */
  readonly problem: Problem | null;
  /** When the next attempt starts, on the app's clock. */
  readonly retryAtMs: number;
}

interface ShownWaitDependencies {
  readonly clock: Clock;
  readonly network: Pick<NetworkReturn, "wait">;
}

/** Makes a function that waits, for example for `joinWithRetry`. `show` receives the wait when it begins, and null when it
 * ends. The wait ends early when the network returns, and throws once `signal` is aborted. */
export const shownWait =
  (
    { clock, network }: ShownWaitDependencies,
    signal: AbortSignal,
    show: (wait: ShownWait | null) => void,
  ): ((ms: number, reason: unknown) => Promise<void>) =>
  async (ms, reason) => {
    signal.throwIfAborted();
    show({ problem: reason instanceof Problem ? reason : null, retryAtMs: clock.now() + ms });
    await network.wait(ms, signal);
    show(null);
  };
