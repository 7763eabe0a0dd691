import { problemFrom, unreachable } from "./problem";

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The deadline has passed, or the page is being left. */
const isAborted = (cause: unknown): boolean =>
  cause instanceof DOMException && (cause.name === "TimeoutError" || cause.name === "AbortError");

/** The body of a response. A refusal, or no response, is thrown as a Problem. */
export async function answer<T>(call: Promise<Answered<T>>): Promise<T> {
  const data = await success(call);
  // The server answers with an object. A proxy may answer in its place, with 204 or an empty page.
  if (typeof data !== "object" || data === null || Array.isArray(data)) throw unreachable();
  return data;
}

/** Wait for the success of a call whose response has no body. A refusal, or no response, is thrown as a Problem. */
export async function done(call: Promise<Answered<unknown>>): Promise<void> {
  await success(call);
}

async function success<T>(call: Promise<Answered<T>>): Promise<T | undefined> {
  let answered: Answered<T>;
  try {
    answered = await call;
  } catch (cause) {
    if (cause instanceof TypeError || cause instanceof SyntaxError || isAborted(cause)) throw unreachable();
    throw cause;
  }
  if (!answered.response.ok) throw problemFrom(answered.response, answered.error);
  return answered.data;
}
