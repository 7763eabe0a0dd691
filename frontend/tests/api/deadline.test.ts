import { afterEach, expect, it, vi } from "vitest";
import { ChatApi } from "@/lib/api/chat-api";
import { fetchWithDeadline } from "@/lib/api/deadline";
import { Problem, problemFrom, RETRY_AFTER_MAX_MS } from "@/lib/api/problem";

afterEach(() => vi.unstubAllGlobals());

/** A server that takes every request and never responds; the deadline passes when the test says so. */
function silentServer() {
  const deadline = new AbortController();
  vi.spyOn(AbortSignal, "timeout").mockReturnValue(deadline.signal);
  vi.stubGlobal("fetch", (_input: unknown, { signal }: RequestInit) => {
    return new Promise((_resolve, reject) => {
      signal?.addEventListener("abort", () => reject(signal.reason as Error));
    });
  });
  return () => deadline.abort(new DOMException("The deadline has passed.", "TimeoutError"));
}

it("a call that gets no response ends at its deadline as unreachable", async () => {
  const pass = silentServer();
  const api = new ChatApi(fetchWithDeadline, "http://chat");
  const calls = [api.me(), api.post("lobby", { client_message_id: "id", text: "hello" }), api.rooms()];
  pass();
  for (const result of await Promise.allSettled(calls))
    expect(result).toMatchObject({ status: "rejected", reason: { code: "unreachable", isTransient: true } });
});

it("a Retry-After of hours is shortened to a few minutes", () => {
  const response = (body: object, retryAfter = "1") =>
    problemFrom({ status: 429, headers: new Headers({ "Retry-After": retryAfter }) }, body);
  expect(response({}, "86400").retryAfterMs).toBe(RETRY_AFTER_MAX_MS);
  expect(response({ retry_after_ms: 1e12 }).retryAfterMs).toBe(RETRY_AFTER_MAX_MS);
  expect(response({ retry_after_ms: -5 }).retryAfterMs).toBe(0);
  expect(response({}, "Wed, 21 Oct 2026 07:28:00 GMT").retryAfterMs).toBeNull();
  expect(new Problem(429, "rate_limited", "", 7_000).retryAfterMs).toBe(7_000);
});

it.each([
  [408, true],
  [429, true],
  [500, true],
  [503, true],
  [0, true],
  [400, false],
  [403, false],
  [404, false],
  [409, false],
  [413, false],
  [415, false],
  [421, false],
  [422, false],
])("a refusal with status %d may succeed later: %s", (status, isTransient) => {
  expect(new Problem(status, "code", "").isTransient).toBe(isTransient);
});
