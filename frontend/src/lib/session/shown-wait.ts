/** Waits of an attempt that a form shows. */
import { Problem } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import type { NetworkReturn } from "@/lib/network-return";

export interface ShownWait {
  /** Why the attempt is repeated; null if the server was not the reason. */
  readonly problem: Problem | null;
  /** When it is repeated, in the time of the app's clock. */
  readonly retryAtMs: number;
}

interface ShownWaitDependencies {
  readonly clock: Clock;
  readonly network: Pick<NetworkReturn, "wait">;
}

/** A function that waits, for example for `joinWithRetry`. `show` gets the wait when it begins, and null when it ends. The
 * wait ends early when the network returns, and throws once `signal` is aborted. */
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
