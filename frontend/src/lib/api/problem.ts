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
  ) {
    super(`${code}: ${detail}`);
    this.retryAfterMs =
      retryAfterMs === null ? null : Math.min(RETRY_AFTER_MAX_MS, Math.max(0, retryAfterMs));
  }

  /** No answer: the browser is offline, or the server is unavailable. */
  get isUnreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }

  /** A later attempt may succeed. */
  get isTransient(): boolean {
    return this.isUnreachable || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export const unreachable = (): Problem => new Problem(0, "unreachable", "The server did not answer.");

/** Read a refused response. `Retry-After` (whole seconds) is used where the body has no `retry_after_ms`. */
export function problemFrom(
  response: Pick<Response, "status" | "statusText" | "headers">,
  body: unknown,
): Problem {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const text = (key: "code" | "detail", otherwise: string) => {
    const value = fields[key];
    return typeof value === "string" ? value : otherwise;
  };
  const exact = fields["retry_after_ms"];
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  const retryAfterMs = typeof exact === "number" ? exact : Number.isFinite(seconds) ? seconds * 1000 : null;
  return new Problem(
    response.status,
    text("code", "unknown"),
    text("detail", response.statusText),
    retryAfterMs,
  );
}
