/** Polls a room's new events, for browsers that streams do not reach. room-feed.ts decides when to poll. */
import { Problem, unreachable } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import type { EventsPage } from "@/lib/contract/types";

export const POLL_MIN_MS = 2_000; // the fetch budget of a client in a hot room is two a second
export const POLL_MAX_MS = 8_000;
export const POLL_WAIT_S = 5; // how long the server may wait for an event
const SLOWDOWN = 1.5;
const JITTER = 0.2;

export interface EventPollingOptions {
  /** Fetch the events after the last one. If there is none, the server may wait up to `waitS` for one. */
  readonly fetchEvents: (waitS: number, signal: AbortSignal) => Promise<EventsPage>;
  /** Whether the server may wait: a waiting fetch occupies one of the browser's few connections. */
  readonly mayWait: () => boolean;
  readonly onPage: (page: EventsPage) => void;
  /** A fetch failed for another reason than a 429; polling has ended. */
  readonly onFailure: (problem: Problem) => void;
  /** The wait after news. */
  readonly minMs?: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** Poll until the returned function is called. The server responds once there is an event. Where it does not wait, as in a
 * hot room, a fetch follows after two seconds, later in a quiet room, and never before Retry-After. */
export function pollEvents({
  fetchEvents,
  mayWait,
  onPage,
  onFailure,
  minMs = POLL_MIN_MS,
  clock,
  random,
}: EventPollingOptions): () => void {
  const stopped = new AbortController();
  let cancelTimer = () => {};
  let pauseMs = minMs;
  const next = (ms: number) => {
    if (stopped.signal.aborted) return;
    cancelTimer = clock.after(ms * (1 - JITTER + 2 * JITTER * random()), () => void poll());
  };
  const poll = async () => {
    const waitS = mayWait() ? POLL_WAIT_S : 0;
    const fetchedAtMs = clock.now();
    let page: EventsPage;
    try {
      page = await fetchEvents(waitS, stopped.signal);
    } catch (error) {
      if (stopped.signal.aborted) return;
      const problem = error instanceof Problem ? error : unreachable();
      if (problem.status === 429) next(Math.max(pauseMs, (problem.retryAfterMs ?? 0) / (1 - JITTER)));
      else onFailure(problem);
      return;
    }
    if (stopped.signal.aborted) return;
    const hasWaited = waitS > 0 && clock.now() - fetchedAtMs >= POLL_MIN_MS;
    const hasNews = page.events.length > 0;
    pauseMs = hasNews || hasWaited ? minMs : Math.min(POLL_MAX_MS, pauseMs * SLOWDOWN);
    onPage(page);
    next(page.has_more || (hasWaited && !hasNews) ? 0 : pauseMs);
  };
  void poll();
  return () => {
    stopped.abort();
    cancelTimer();
  };
}
