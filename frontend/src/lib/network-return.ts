/** Ends waits early: the browser is online again, or the page is visible again after it may have been asleep. */
import type { Clock } from "@/lib/clock";
import { Listeners } from "@/lib/listeners";

/** The parts of a window that report the return. */
export interface NetworkSource extends EventTarget {
  readonly document: EventTarget & { readonly hidden: boolean };
}

/** Listens to the window only while somebody subscribes or waits. */
export class NetworkReturn {
  readonly #listeners: Listeners;

  constructor(
    source: NetworkSource,
    private readonly clock: Clock,
  ) {
    const onOnline = () => this.#listeners.notify();
    const onVisibilityChange = () => {
      if (!source.document.hidden) this.#listeners.notify();
    };
    this.#listeners = new Listeners(
      () => {
        source.addEventListener("online", onOnline);
        source.document.addEventListener("visibilitychange", onVisibilityChange);
      },
      () => {
        source.removeEventListener("online", onOnline);
        source.document.removeEventListener("visibilitychange", onVisibilityChange);
      },
    );
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** Resolves after `ms`, or as soon as the network returns. Rejects with the signal's reason once it is aborted. */
  wait = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const end = () => {
        cancelTimer();
        unsubscribe();
        signal?.removeEventListener("abort", abort);
      };
      const finish = () => {
        end();
        resolve();
      };
      const abort = () => {
        end();
        reject(signal?.reason as Error);
      };
      const cancelTimer = this.clock.after(ms, finish);
      const unsubscribe = this.#listeners.add(finish);
      signal?.addEventListener("abort", abort);
    });
}
