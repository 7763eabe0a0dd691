/** No wait is longer, whatever a server or proxy sends as Retry-After. */
export const RETRY_AFTER_MAX_MS = 5 * 60_000;

/** A refused call: the server's problem details (RFC 9457), or that the server could not be reached. */
export class Problem extends Error {
  override readonly name = "Problem";
  /** How long to wait before the next attempt; null when the server did not say. */
  readonly retryAfterMs: number | null;

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    retryAfterMs: number | null = null,
    /** A ban from all rooms, not only from one. */
    readonly isEverywhere = false,
  ) {
    super(`${code}: ${detail}`);
    this.retryAfterMs =
      retryAfterMs === null ? null : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, retryAfterMs));
  }

  /** The wait that the server names; null for none, and for the 0 that a proxy may send. */
  get serverWaitMs(): number | null {
    return this.retryAfterMs === 0 ? null : this.retryAfterMs;
  }

  /** No answer: the browser is offline, or the server is unavailable. */
  get isUnreachable(): boolean {
    return this.code === UNREACHABLE || this.status === 0 || this.status === 502 || this.status === 504;
  }

  /** A later attempt may succeed. */
  get isTransient(): boolean {
    return this.isUnreachable || isTransientStatus(this.status);
  }
}

const isTransientStatus = (status: number): boolean => status === 408 || status === 429 || status >= 500;

const UNREACHABLE = "unreachable";

export const unreachable = (): Problem => new Problem(0, UNREACHABLE, "The server did not answer.");

/** Read a refused response. `Retry-After` (whole seconds) is used where the body has no `retry_after_ms`. A response without
 * a code comes from a proxy, such as the 403 of its login page: the call has not reached the server. */
export function problemFrom(response: Pick<Response, "status" | "headers">, body: unknown): Problem {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const { code, detail, retry_after_ms: exact } = fields;
  const header = response.headers.get("Retry-After") ?? "";
  const retryAfterMs =
    typeof exact === "number" ? exact : /^\d+$/.test(header) ? Number(header) * 1_000 : null;
  if (typeof code === "string") {
    const sentence = typeof detail === "string" ? detail : "";
    return new Problem(response.status, code, sentence, retryAfterMs, fields["everywhere"] === true);
  }
  const ofProxy = new Problem(response.status, UNREACHABLE, unreachable().detail, retryAfterMs);
  return isTransientStatus(response.status) ? ofProxy : unreachable();
}
