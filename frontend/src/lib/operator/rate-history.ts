/** The rates of the last minutes, for charts. */
import type { OpsRates } from "@/lib/contract/types";

/** Five minutes of one sample a second. Overflow rule: the oldest sample goes. */
export const MAX_SAMPLES = 300;

/** Null: unknown, as is everything while the stream is interrupted. */
export interface RateSample {
  readonly atMs: number;
  readonly rates: OpsRates | null;
}

export type RateHistory = readonly RateSample[];

/** The history with one more sample. An interruption is one sample, however long it lasts. */
export function withSample(history: RateHistory, sample: RateSample): RateHistory {
  if (sample.rates === null && history.at(-1)?.rates === null) return history;
  // Two clocks may differ, and a chart needs times that grow.
  const atMs = Math.max(sample.atMs, (history.at(-1)?.atMs ?? -Infinity) + 1);
  return [...history, { ...sample, atMs }].slice(-MAX_SAMPLES);
}

/** For a chart: the times in seconds, then the values of each rate. */
export function columnsOf(
  history: RateHistory,
  names: readonly (keyof OpsRates)[],
): [number[], ...(number | null)[][]] {
  return [
    history.map(({ atMs }) => atMs / 1_000),
    ...names.map((name) => history.map(({ rates }) => rates?.[name] ?? null)),
  ];
}
