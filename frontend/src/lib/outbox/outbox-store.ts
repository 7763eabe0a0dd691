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

const TIME_MAX_MS = 8.64e15; // of a Date

/** A value of the store. Other versions of the app may have stored other fields; null without those that a post needs. */
export function readStoredPost(value: unknown): StoredPost | null {
  if (typeof value !== "object" || value === null) return null;
  const { clientId, userId, roomId, text, replyTo, queuedAtMs, failedCode, failedDetail, heldId } =
    value as Partial<Record<keyof StoredPost, unknown>>;
  if (typeof clientId !== "string" || typeof roomId !== "string" || typeof text !== "string") return null;
  const isTime = typeof queuedAtMs === "number" && Math.abs(queuedAtMs) <= TIME_MAX_MS;
  return {
    clientId,
    roomId,
    text,
    replyTo: typeof replyTo === "string" ? replyTo : null,
    queuedAtMs: isTime ? queuedAtMs : 0,
    failedCode: typeof failedCode === "string" ? failedCode : null,
    ...(typeof userId === "string" && { userId }),
    ...(typeof failedDetail === "string" && { failedDetail }),
    ...(typeof heldId === "string" && { heldId }),
  };
}

/** Any call may reject or never settle: storage may be forbidden, full, cleared or locked. */
export interface OutboxStore {
  /** As they were stored, perhaps by another version of the app: `readStoredPost` checks each. */
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
