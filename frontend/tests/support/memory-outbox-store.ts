import type { OutboxStore, StoredPost } from "@/lib/outbox/outbox-store";

/** An OutboxStore in memory. */
export function memoryOutboxStore(): OutboxStore {
  const posts = new Map<string, StoredPost>();
  return {
    all: () => Promise.resolve([...posts.values()]),
    put: (post) => Promise.resolve(void posts.set(post.clientId, post)),
    remove: (clientId) => Promise.resolve(void posts.delete(clientId)),
  };
}
