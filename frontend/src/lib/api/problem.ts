/** What the server said went wrong (RFC 9457), or that nobody answered. */
export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** How long to wait before asking again; null when the server did not say. */
    readonly retryAfterMs: number | null = null,
  ) {
    super(`${code}: ${detail}`);
  }

  /** Nobody answered: offline, or the server is away. */
  get isUnreachable(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 504;
  }

  /** Asking again later may work. */
  get isPassing(): boolean {
    return this.isUnreachable || this.status === 429 || this.status >= 500;
  }
}

export const unreachable = (): Problem => new Problem(0, "unreachable", "The server did not answer.");

/** Read a refused response. `Retry-After` (whole seconds) is used where the body has no `retry_after_ms`. */
export function problemFrom(response: Response, body: unknown): Problem {
  const said = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  const text = (key: string, otherwise: string) => {
    const value = said[key];
    return typeof value === "string" ? value : otherwise;
  };
  const exact = said["retry_after_ms"];
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
