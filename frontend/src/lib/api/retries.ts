/** When a refused call is retried: not before the server's Retry-After, with full jitter, a limited number of times. */
import { backoffMs } from "@/lib/feed/backoff";
import { Problem, RETRY_AFTER_MAX_MS } from "./problem";

export const ATTEMPTS_MAX = 8;
export const DELAY_MAX_MS = RETRY_AFTER_MAX_MS;

/** Whether to retry a call that has now failed `failures` times. */
export const shouldRetry = (failures: number, error: unknown, attemptsMax: number = ATTEMPTS_MAX): boolean =>
  failures < attemptsMax && error instanceof Problem && error.isTransient;

/** The server's own wait plus a random one that grows with each failure, so that refused clients do not return in the
 * same instant. */
export function retryDelayMs(failures: number, error: unknown, random: () => number): number {
  const serverWaitMs = error instanceof Problem ? (error.retryAfterMs ?? 0) : 0;
  return Math.min(DELAY_MAX_MS, serverWaitMs + backoffMs(failures - 1, random));
}
