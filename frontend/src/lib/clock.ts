/** Time as an argument: the app passes `browserClock`, a test one it can advance. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Call back after `ms`; the returned function cancels it. */
  after(ms: number, call: () => void): () => void;
}

export const browserClock: Clock = {
  now: () => Date.now(),
  after: (ms, call) => {
    const timer = setTimeout(call, ms);
    return () => clearTimeout(timer);
  },
};
