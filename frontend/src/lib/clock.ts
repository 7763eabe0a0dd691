/** Time as an argument: the app passes a `ServerClock`, a test one it can advance. */
export interface Clock {
  /** Milliseconds since an arbitrary start. It never goes back: for waits and intervals. */
  now(): number;
  /** Milliseconds since the epoch. It may be set at any time: only for times that are shown, stored or come from the server. */
  epochMs(): number;
  /** Call back after `ms`; the returned function cancels it. */
  after(ms: number, call: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
