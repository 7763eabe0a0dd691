/** One call for all callers; after a failure the next caller starts another one. */
export function cachedOnSuccess<T>(call: () => Promise<T>): () => Promise<T> {
  let called: Promise<T> | null = null;
  return () => {
    called ??= call().catch((error: unknown) => {
      called = null;
      throw error;
    });
    return called;
  };
}
