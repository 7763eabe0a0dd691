/** Follows who reads: what one person could read is not shown to the next. */
import type { SessionState, SessionStore } from "./session-store";

const readerOf = ({ viewer }: SessionState): string | null | undefined => (viewer ? viewer.id : viewer);

/** Call `listener` when another person signs in, or the reader signs out, here or in another tab. `former` is the id of the
 * last reader, null for nobody. Not called when the app learns who the reader is. */
export function onReaderChange(
  session: Pick<SessionStore, "subscribe" | "getSnapshot">,
  listener: (former: string | null) => void,
): () => void {
  let reader = readerOf(session.getSnapshot());
  return session.subscribe(() => {
    const former = reader;
    reader = readerOf(session.getSnapshot());
    if (former !== undefined && reader !== former) listener(former);
  });
}
