import { cachedOnSuccess } from "@/lib/cached-on-success";

/** An unsent post, kept over reloads. */
export interface StoredPost {
  readonly clientId: string;
  /** The author; missing in posts that earlier versions of the app stored. */
  readonly userId?: string;
  readonly roomId: string;
  readonly text: string;
  readonly replyTo: string | null;
  readonly queuedAtMs: number;
  /** The code of a permanent refusal, after which only the author can retry. */
  readonly failedCode: string | null;
  /** The server's error message; missing in posts that earlier versions of the app stored. */
  readonly failedDetail?: string;
  /** The id of a message that a filter holds; missing in other posts. */
  readonly heldId?: string;
}

/** Any call may reject or never settle: storage may be forbidden, full, cleared or locked. */
export interface OutboxStore {
  all(): Promise<StoredPost[]>;
  put(post: StoredPost): Promise<void>;
  remove(clientId: string): Promise<void>;
}

/** A store whose code is loaded on the first call, or on the next one if that fails. */
export function lazyOutboxStore(load: () => Promise<OutboxStore>): OutboxStore {
  const store = cachedOnSuccess(load);
  return {
    all: async () => (await store()).all(),
    put: async (post) => (await store()).put(post),
    remove: async (clientId) => (await store()).remove(clientId),
  };
}
