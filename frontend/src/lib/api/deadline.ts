/** Every request of the app has a deadline. Without one, a server or proxy that never responds would hold a post, and all
 * posts after it, for ever. */

/** For the whole response. Longer than the servers' own limits (10 s), so that their answer usually comes first. */
export const DEADLINE_MS = 15_000;

/** As `fetch`, but it rejects with a TimeoutError at the deadline, also while the body is being read. */
export const fetchWithDeadline = (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> =>
  fetch(input, { ...init, signal: AbortSignal.timeout(DEADLINE_MS) });
