import { Problem } from "@/lib/api/problem";
import type { SessionStore } from "./session-store";

/** Call as the reader, who joins first without a session, and joins again if the session has ended. */
export async function callAsUser<T>(
  session: SessionStore,
  join: () => Promise<void>,
  call: () => Promise<T>,
): Promise<T> {
  const ensureUser = async () => {
    if (session.getSnapshot().viewer === undefined) await session.load(); // not known yet
    if (!session.getSnapshot().viewer) await join();
  };
  await ensureUser();
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
    await session.load(); // the session has ended
    await ensureUser();
    return call();
  }
}
