/** A refused call: the server's problem details (RFC 9457), or that the server could not be reached. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** How long to wait before the next attempt; null when the server did not say. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(`${code}: ${detail}`);
  }

  /** No answer: the browser is offline, or the server is unavailable. */
  get isUnreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }

  /** A later attempt may succeed. */
  get isTransient(): boolean {
    return this.isUnreachable || this.status === 429 || this.status >= 500;
  }
}

export const unreachable = (): Problem => new Problem(0, "unreachable", "The server did not answer.");

/** Read a refused response. `Retry-After` (whole seconds) is used where the body has no `retry_after_ms`. */
export function problemFrom(response: Response, body: unknown): Problem {
  const fields = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const text = (key: "code" | "detail", otherwise: string) => {
    const value = fields[key];
    return typeof value === "string" ? value : otherwise;
  };
  const exact = fields["retry_after_ms"];
  const seconds = Number(response.headers.get("Retry-After") ?? NaN);
  const retryAfterMs =
    typeof exact === "number" ? exact : Number.isFinite(seconds) ? Math.max(0, seconds) * 1000 : null;
  return new Problem(
    response.status,
    text("code", "unknown"),
    text("detail", response.statusText),
    retryAfterMs,
  );
}
