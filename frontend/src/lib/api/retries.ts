/** When a refused call is tried again: never before the server's time, with full jitter, and not for ever. */
import { backoffMs } from "@/lib/feed/backoff";
import { Problem } from "./problem";

export const TRIES_MAX = 8;
export const WAIT_MAX_MS = 60_000;

/** Whether the call that failed for the `failures`-th time (from 1) is made once more. */
export const isTriedAgain = (failures: number, error: unknown, triesMax: number = TRIES_MAX): boolean =>
  failures < triesMax && error instanceof Problem && error.isPassing;

/** The server's own wait, and a random one that grows with each failure, so that a refused crowd does not return in
 * the same instant. */
export function waitMs(failures: number, error: unknown, random: () => number): number {
  const told = error instanceof Problem ? (error.retryAfterMs ?? 0) : 0;
  return Math.min(WAIT_MAX_MS, told + backoffMs(failures - 1, random));
}
