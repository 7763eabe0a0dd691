/** Every request of the app has a deadline. Without one, a server or proxy that never responds would hold a post, and all
 * posts after it, for ever. */

/** For the whole response. Longer than the servers' own limits (10 s), so that their answer usually comes first. */
export const DEADLINE_MS = 15_000;

/** As `fetch`, but it rejects with a TimeoutError at the deadline, also while the body is being read. A Request keeps its own
 * signal, where the browser can combine the two. */
export const fetchWithDeadline = (input: RequestInfo | URL, init: RequestInit = {}): Promise<Response> => {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  const canCombine = input instanceof Request && "any" in AbortSignal;
  return fetch(input, { ...init, signal: canCombine ? AbortSignal.any([input.signal, deadline]) : deadline });
};
