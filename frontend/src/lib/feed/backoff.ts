/** Full jitter: a random wait up to a bound that doubles with each attempt, so that clients do not reconnect in the same
 * instant. Attempt 0 waits at most 1 s; the bound stops at 30 s. */
export function backoffMs(attempt: number, random: () => number): number {
  return Math.round(random() * Math.min(30_000, 1_000 * 2 ** Math.min(attempt, 10)));
}
