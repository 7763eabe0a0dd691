/** Loads a file that the page needs now, for example that of a lazy part. */
import { backoffMs } from "@/lib/feed/backoff";
import type { NetworkReturn } from "@/lib/network-return";

export const RETRY_MS = 5_000;
export const RETRIES_MAX = 8; // then it is loaded when the network returns, or by `retry`

export interface LoadWithRetriesOptions<File> {
  readonly load: () => Promise<File>;
  readonly onLoaded: (file: File) => void;
  /** Called after each attempt that failed. */
  readonly onFailure: (error: unknown) => void;
  /** False once no attempt can succeed. */
  readonly mayRetry: () => boolean;
  readonly network: Pick<NetworkReturn, "wait" | "subscribe">;
  readonly random: () => number;
}

export interface LoadWithRetries {
  /** Try now: the reader asked for it. */
  readonly retry: () => void;
  readonly stop: () => void;
}

/** Load until an attempt succeeds. */
export function loadWithRetries<File>(options: LoadWithRetriesOptions<File>): LoadWithRetries {
  const { load, onLoaded, onFailure, mayRetry, network, random } = options;
  let failures = 0;
  let isLoading = false;
  let isStopped = false;
  let cancelRetry = () => {};

  const attempt = () => {
    if (isLoading || isStopped) return;
    cancelRetry();
    isLoading = true;
    load().then(loaded, failed);
  };
  const loaded = (file: File) => {
    if (!isStopped) onLoaded(file);
  };
  const failed = (error: unknown) => {
    isLoading = false;
    if (isStopped) return;
    failures += 1;
    cancelRetry = retryLater();
    onFailure(error);
  };
  const retryLater = (): (() => void) => {
    const retry = () => {
      if (mayRetry()) attempt();
    };
    if (failures > RETRIES_MAX) return network.subscribe(retry);
    const waiting = new AbortController();
    const waitMs = RETRY_MS + backoffMs(failures - 1, random);
    void network.wait(waitMs, waiting.signal).then(retry, () => undefined);
    return () => waiting.abort();
  };

  attempt();
  return {
    retry: attempt,
    stop: () => {
      isStopped = true;
      cancelRetry();
    },
  };
}
