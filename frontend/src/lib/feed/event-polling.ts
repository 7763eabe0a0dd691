/** Fetches a room's new events at intervals, for browsers that streams do not reach. */
import { Problem, unreachable } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import type { EventsPage } from "@/lib/contract/types";

export const POLL_MIN_MS = 2_000; // the fetch budget of a client in a hot room is two a second
export const POLL_MAX_MS = 8_000;
const SLOWDOWN = 1.5;
const JITTER = 0.2;

export interface EventPollingOptions {
  readonly fetchEvents: () => Promise<EventsPage>;
  readonly onPage: (page: EventsPage) => void;
  /** The server cannot be asked; polling has ended. */
  readonly onFailure: (problem: Problem) => void;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Poll until the returned function is called: every two seconds while there are events, less often in a quiet room, and
 * not before Retry-After in a hot one. */
export function pollEvents({
  fetchEvents,
  onPage,
  onFailure,
  clock,
  random,
}: EventPollingOptions): () => void {
  let isStopped = false;
  let cancelWait = () => {};
  let waitMs = POLL_MIN_MS;
  const next = (ms: number) => {
    if (isStopped) return;
    cancelWait = clock.after(ms * (1 - JITTER + 2 * JITTER * random()), () => void poll());
  };
  const poll = async () => {
    let page: EventsPage;
    try {
      page = await fetchEvents();
    } catch (error) {
      if (isStopped) return;
      const problem = error instanceof Problem ? error : unreachable();
      if (problem.status === 429) next(Math.max(waitMs, (problem.retryAfterMs ?? 0) / (1 - JITTER)));
      else onFailure(problem);
      return;
    }
    if (isStopped) return;
    waitMs = page.events.length > 0 ? POLL_MIN_MS : Math.min(POLL_MAX_MS, waitMs * SLOWDOWN);
    onPage(page);
    next(page.has_more ? 0 : waitMs);
  };
  void poll();
  return () => {
    isStopped = true;
    cancelWait();
  };
}
