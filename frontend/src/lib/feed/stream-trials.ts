/** Tries a stream from time to time while events are polled. `room-feed.ts` decides when to poll. */
import type { Clock } from "@/lib/clock";
import type { StreamListener } from "@/lib/stream/room-stream";

export const TRIAL_MS = 20_000; // the server pings every 15 s
/** An event that arrives this long after the opening was not held back together with it. */
const PROOF_AFTER_MS = 1_000;

export interface StreamTrialsOptions {
  readonly open: (listener: StreamListener) => () => void;
  readonly firstInMs: number;
  /** The wait after a failed trial. */
  readonly nextInMs: () => number;
  /** False where a proxy passes on the opening of a stream and holds back the rest. */
  readonly isOpeningEnough: boolean;
  /** A stream works. It stays open until the returned function is called. */
  readonly onSuccess: () => void;
  readonly clock: Clock;
}

/** Try until a stream works, or the returned function is called. */
export function tryStreams(options: StreamTrialsOptions): () => void {
  const { open, firstInMs, nextInMs, isOpeningEnough, onSuccess, clock } = options;
  let trial = 0; // its number; callbacks of earlier ones are ignored
  let cancelTimer = () => {};
  let closeStream = () => {};
  const stop = () => {
    trial += 1;
    cancelTimer();
    closeStream();
    closeStream = () => {};
  };
  const fail = () => {
    stop();
    cancelTimer = clock.after(nextInMs(), start);
  };
  const start = () => {
    const own = (trial += 1);
    const current =
      (call: () => void): (() => void) =>
      () => {
        if (own === trial) call();
      };
    let openedAtMs = Infinity;
    cancelTimer = clock.after(TRIAL_MS, fail);
    closeStream = open({
      opened: current(() => {
        openedAtMs = clock.now();
        if (isOpeningEnough) onSuccess();
      }),
      ping: current(onSuccess),
      event: current(() => {
        if (clock.now() - openedAtMs >= PROOF_AFTER_MS) onSuccess();
      }),
      gap: () => undefined, // polling has no gaps
      skipped: () => undefined, // polling skips nothing
      closed: current(fail),
    });
  };
  cancelTimer = clock.after(firstInMs, start);
  return stop;
}
