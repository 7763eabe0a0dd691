/** Time as an argument: the app passes `browserClock`, a test one it can advance. */
export interface Clock {
  /** Milliseconds since an arbitrary start. It never goes back: for waits and intervals. */
  now(): number;
  /** Milliseconds since the epoch. The device's clock may be set at any time: only for times that are shown or stored. */
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
