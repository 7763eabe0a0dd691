/** Posts wait here from Enter until the server has answered: shown at once, kept over reload and offline, sent in
 * order, one at a time per room, always with the id they were given first, so that a retry never makes a second. */
import type { ChatApi } from "@/lib/api/chat-api";
import { Problem, unreachable } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import type { Message } from "@/lib/contract/types";
import { backoffMs } from "@/lib/feed/backoff";
import { Listeners } from "@/lib/listeners";
import type { OutboxStore, StoredPost } from "./outbox-store";

const REMEMBERED_SENT = 200; // overflow rule: the oldest is forgotten; its message keeps only its own id

export type PostStatus =
  | { readonly status: "queued" | "sending" }
  | { readonly status: "waiting"; readonly retryAtMs: number; readonly code: string }
  | { readonly status: "failed"; readonly code: string }
  | { readonly status: "sent"; readonly message: Message };

export type Post = Omit<StoredPost, "failedCode"> & PostStatus;

export interface OutboxState {
  /** In the order they were written; sent ones stay until `forget`. */
  readonly posts: readonly Post[];
  /** A post waits for somebody to say who they are. */
  readonly needsSession: boolean;
}

export interface OutboxParts {
  readonly store: OutboxStore;
  readonly api: Pick<ChatApi, "post">;
  readonly clock: Clock;
  readonly random: () => number;
  /** Make a session again without asking, with the name known from before; false where there is none. */
  readonly renewSession: () => Promise<boolean>;
  /** Only one tab sends a room's posts at a time. */
  readonly exclusively: (name: string, work: () => Promise<void>) => Promise<void>;
}

export class Outbox {
  #state: OutboxState = { posts: [], needsSession: false };
  readonly #sending = new Set<string>();
  readonly #attempts = new Map<string, number>();
  readonly #renewedFor = new Set<string>(); // once for a post: a browser may keep no session at all
  readonly #clientIds = new Map<string, string>();
  readonly #listeners = new Listeners();

  constructor(private readonly parts: OutboxParts) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): OutboxState => this.#state;

  /** The id a message had before the server gave it one, so that its row stays the same row. */
  clientIdOf = (messageId: string): string | undefined => this.#clientIds.get(messageId);

  /** Take up what an earlier page left behind. */
  async restore(): Promise<void> {
    const stored = (await this.parts.store.all()).sort((a, b) => a.queuedAtMs - b.queuedAtMs);
    const known = new Set(this.#state.posts.map((post) => post.clientId));
    const posts = stored.filter((post) => !known.has(post.clientId)).map(fromStored);
    this.#set({ posts: [...posts, ...this.#state.posts] });
    this.flush();
  }

  /** Queue a message; it is on screen with the next frame. */
  add(post: { clientId: string; roomId: string; text: string; replyTo: string | null }): void {
    const queuedAtMs = Math.max(this.parts.clock.now(), (this.#state.posts.at(-1)?.queuedAtMs ?? 0) + 1);
    const queued: Post = { ...post, queuedAtMs, status: "queued" };
    this.#set({ posts: [...this.#state.posts, queued] });
    void this.parts.store.put({ ...post, queuedAtMs, failedCode: null }).finally(() => this.flush());
  }

  /** Send whatever may be sent: after a reload, when the network or the session is back. */
  flush = (): void => {
    for (const roomId of new Set(this.#state.posts.map((post) => post.roomId))) void this.#sendRoom(roomId);
  };

  retry(clientId: string): void {
    this.#change(clientId, (post) => ({ ...base(post), status: "queued" }));
    this.flush();
  }

  discard(clientId: string): void {
    this.forget([clientId]);
    void this.parts.store.remove(clientId);
  }

  /** Sent posts that the room shows by now. */
  forget(clientIds: readonly string[]): void {
    if (clientIds.length === 0) return;
    this.#set({ posts: this.#state.posts.filter((post) => !clientIds.includes(post.clientId)) });
  }

  sessionIsBack(): void {
    this.#renewedFor.clear();
    this.#set({ needsSession: false });
    this.flush();
  }

  async #sendRoom(roomId: string): Promise<void> {
    if (this.#sending.has(roomId)) return;
    this.#sending.add(roomId);
    try {
      await this.parts.exclusively(`outbox:${roomId}`, async () => {
        for (let post = this.#next(roomId); post !== undefined; post = this.#next(roomId)) {
          if (!(await this.#send(post))) return;
        }
      });
    } finally {
      this.#sending.delete(roomId);
    }
  }

  /** The first post of the room that is not sent; none while it waits, failed ones are stepped over. */
  #next(roomId: string): Post | undefined {
    if (this.#state.needsSession) return undefined;
    const first = this.#state.posts.find(
      (post) => post.roomId === roomId && post.status !== "sent" && post.status !== "failed",
    );
    return first?.status === "waiting" && first.retryAtMs > this.parts.clock.now() ? undefined : first;
  }

  /** True when the next one may follow. */
  async #send(post: Post): Promise<boolean> {
    this.#change(post.clientId, () => ({ ...base(post), status: "sending" }));
    try {
      const message = await this.parts.api.post(post.roomId, {
        client_message_id: post.clientId,
        text: post.text,
        ...(post.replyTo === null ? {} : { reply_to: post.replyTo }),
      });
      this.#remember(message.id, post.clientId);
      this.#attempts.delete(post.clientId);
      this.#renewedFor.delete(post.clientId);
      this.#change(post.clientId, () => ({ ...base(post), status: "sent", message }));
      await this.parts.store.remove(post.clientId);
      return true;
    } catch (error) {
      return await this.#refused(post, error instanceof Problem ? error : unreachable());
    }
  }

  async #refused(post: Post, problem: Problem): Promise<boolean> {
    if (problem.status === 401) {
      this.#change(post.clientId, () => ({ ...base(post), status: "queued" }));
      if (!this.#renewedFor.has(post.clientId)) {
        this.#renewedFor.add(post.clientId);
        if (await this.parts.renewSession()) return true;
      }
      this.#set({ needsSession: true });
      return false;
    }
    if (!problem.isPassing) {
      this.#change(post.clientId, () => ({ ...base(post), status: "failed", code: problem.code }));
      await this.parts.store.put({ ...base(post), failedCode: problem.code });
      return true;
    }
    const attempt = this.#attempts.get(post.clientId) ?? 0;
    this.#attempts.set(post.clientId, attempt + 1);
    const waitMs = problem.retryAfterMs ?? 500 + backoffMs(attempt, this.parts.random);
    const retryAtMs = this.parts.clock.now() + waitMs;
    this.#change(post.clientId, () => ({ ...base(post), status: "waiting", retryAtMs, code: problem.code }));
    this.parts.clock.after(waitMs, () => this.flush());
    return false;
  }

  #remember(messageId: string, clientId: string): void {
    this.#clientIds.set(messageId, clientId);
    const [oldest] = this.#clientIds.keys();
    if (this.#clientIds.size > REMEMBERED_SENT && oldest !== undefined) this.#clientIds.delete(oldest);
  }

  #change(clientId: string, change: (post: Post) => Post): void {
    this.#set({ posts: this.#state.posts.map((post) => (post.clientId === clientId ? change(post) : post)) });
  }

  #set(change: Partial<OutboxState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}

const base = ({ clientId, roomId, text, replyTo, queuedAtMs }: Post) => ({
  clientId,
  roomId,
  text,
  replyTo,
  queuedAtMs,
});

function fromStored({ failedCode, ...post }: StoredPost): Post {
  return failedCode === null
    ? { ...post, status: "queued" }
    : { ...post, status: "failed", code: failedCode };
}
