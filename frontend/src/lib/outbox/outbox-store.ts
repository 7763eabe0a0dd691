import { openDB, type DBSchema } from "idb";

/** An unsent post, kept over reloads. */
export interface StoredPost {
  readonly clientId: string;
  /** Who wrote it; missing in posts that earlier versions of the app stored. */
  readonly userId?: string;
  readonly roomId: string;
  readonly text: string;
  readonly replyTo: string | null;
  readonly queuedAtMs: number;
  /** The code of a permanent refusal: only the person can retry. */
  readonly failedCode: string | null;
}

export interface OutboxStore {
  all(): Promise<StoredPost[]>;
  put(post: StoredPost): Promise<void>;
  remove(clientId: string): Promise<void>;
}

interface Schema extends DBSchema {
  posts: { key: string; value: StoredPost };
}

/** Posts in IndexedDB. Where the browser forbids it (some private windows), they are lost on reload. */
export async function openOutboxStore(): Promise<OutboxStore> {
  try {
    const database = await openDB<Schema>("hotchat", 1, {
      upgrade: (db) => void db.createObjectStore("posts", { keyPath: "clientId" }),
    });
    return {
      all: () => database.getAll("posts"),
      put: async (post) => void (await database.put("posts", post)),
      remove: (clientId) => database.delete("posts", clientId),
    };
  } catch {
    return memoryOutboxStore();
  }
}

export function memoryOutboxStore(): OutboxStore {
  const posts = new Map<string, StoredPost>();
  return {
    all: () => Promise.resolve([...posts.values()]),
    put: (post) => Promise.resolve(void posts.set(post.clientId, post)),
    remove: (clientId) => Promise.resolve(void posts.delete(clientId)),
  };
}
