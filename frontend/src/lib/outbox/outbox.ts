/** Posts wait here from Enter until the server has answered: shown at once, kept over reload and offline, sent in
 * order, one at a time per room, always with the id they were given first, so that a retry never makes a second. A post
 * belongs to the user who wrote it: under another session it stays unsent until somebody sends it again. */
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

/** The code of a post whose writer's session is over. */
export const SESSION_OVER = "session_over";

export type Post = Omit<StoredPost, "failedCode"> & PostStatus;

export interface OutboxState {
  /** In the order they were written; sent ones stay until `forget`. */
  readonly posts: readonly Post[];
}

export interface OutboxDependencies {
  readonly store: OutboxStore;
  readonly api: Pick<ChatApi, "post">;
  readonly clock: Clock;
  readonly random: () => number;
  /** Who this browser is: null for nobody, undefined while that is not known. */
  readonly userId: () => string | null | undefined;
  /** The server takes this user's session no longer. */
  readonly sessionIsOver: () => void;
  /** Do it while the browser's session is this user's; throws OtherSession where it is not. */
  readonly asUser: <T>(userId: string, work: () => Promise<T>) => Promise<T>;
  /** Only one tab sends a room's posts at a time. */
  readonly exclusively: (name: string, work: () => Promise<void>) => Promise<void>;
}

/** Another tab has signed this user out. */
export class OtherSession extends Error {}

export class Outbox {
  #state: OutboxState = { posts: [] };
  readonly #sending = new Set<string>();
  readonly #attempts = new Map<string, number>();
  readonly #clientIds = new Map<string, string>();
  readonly #listeners = new Listeners();

  constructor(private readonly parts: OutboxDependencies) {}

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
    this.userChanged();
  }

  /** Another user, or none: only their own posts may go out. */
  userChanged = (): void => {
    const userId = this.parts.userId();
    if (userId === undefined) return;
    this.#set({
      posts: this.#state.posts.map((post) => {
        if (post.userId === undefined) return userId === null ? post : { ...post, userId };
        if (post.status === "failed" && post.code === SESSION_OVER && post.userId === userId)
          return { ...base(post), status: "queued" };
        const isUnsent = post.status === "queued" || post.status === "waiting";
        return isUnsent && post.userId !== userId
          ? { ...base(post), status: "failed", code: SESSION_OVER }
          : post;
      }),
    });
    this.flush();
  };

  /** Queue a message; it is on screen with the next frame. */
  add(post: { clientId: string; roomId: string; text: string; replyTo: string | null }): void {
    const queuedAtMs = Math.max(this.parts.clock.now(), (this.#state.posts.at(-1)?.queuedAtMs ?? 0) + 1);
    const userId = this.parts.userId();
    const owned = { ...post, queuedAtMs, ...(userId ? { userId } : {}) };
    this.#set({ posts: [...this.#state.posts, { ...owned, status: "queued" }] });
    void this.parts.store.put({ ...owned, failedCode: null }).finally(() => this.flush());
  }

  /** Send whatever may be sent: after a reload, when the network or the session is back. */
  flush = (): void => {
    for (const roomId of new Set(this.#state.posts.map((post) => post.roomId))) void this.#sendRoom(roomId);
  };

  /** Send a failed post again at its reader's request, under the session that this browser has now. */
  retry(clientId: string): void {
    const userId = this.parts.userId();
    if (!userId) return;
    this.#change(clientId, (post) => ({ ...base(post), userId, status: "queued" }));
    const post = this.#state.posts.find((each) => each.clientId === clientId);
    if (post === undefined) return;
    void this.parts.store.put({ ...base(post), failedCode: null }).finally(() => this.flush());
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

  async #sendRoom(roomId: string): Promise<void> {
    if (this.#sending.has(roomId)) return;
    this.#sending.add(roomId);
    const last: { isWaiting: boolean } = { isWaiting: false };
    try {
      await this.parts.exclusively(`outbox:${roomId}`, async () => {
        for (let post = this.#next(roomId); post !== undefined; post = this.#next(roomId)) {
          last.isWaiting = !(await this.#send(post));
          if (last.isWaiting) return;
        }
      });
    } finally {
      this.#sending.delete(roomId);
    }
    // What was queued while the lock was given back has found the room busy.
    if (!last.isWaiting && this.#next(roomId) !== undefined) void this.#sendRoom(roomId);
  }

  /** The first post of the room that is not sent; none while it waits, failed ones are stepped over. */
  #next(roomId: string): Post | undefined {
    const userId = this.parts.userId();
    const first = this.#state.posts.find(
      (post) => post.roomId === roomId && post.status !== "sent" && post.status !== "failed",
    );
    if (!userId || first?.userId !== userId) return undefined;
    return first.status === "waiting" && first.retryAtMs > this.parts.clock.now() ? undefined : first;
  }

  /** True when the next one may follow. */
  async #send(post: Post): Promise<boolean> {
    this.#change(post.clientId, () => ({ ...base(post), status: "sending" }));
    try {
      const message = await this.parts.asUser(post.userId ?? "", () =>
        this.parts.api.post(post.roomId, {
          client_message_id: post.clientId,
          text: post.text,
          ...(post.replyTo === null ? {} : { reply_to: post.replyTo }),
        }),
      );
      this.#remember(message.id, post.clientId);
      this.#attempts.delete(post.clientId);
      this.#change(post.clientId, () => ({ ...base(post), status: "sent", message }));
      await this.parts.store.remove(post.clientId);
      return true;
    } catch (error) {
      if (error instanceof OtherSession) return this.#sessionOver(post);
      return await this.#refused(post, error instanceof Problem ? error : unreachable());
    }
  }

  async #refused(post: Post, problem: Problem): Promise<boolean> {
    if (problem.status === 401) return this.#sessionOver(post);
    if (!problem.isTransient) {
      this.#change(post.clientId, () => ({ ...base(post), status: "failed", code: problem.code }));
      await this.parts.store.put({ ...base(post), failedCode: problem.code });
      return true;
    }
    const attempt = this.#attempts.get(post.clientId) ?? 0;
    this.#attempts.set(post.clientId, attempt + 1);
    const waitMs = problem.retryAfterMs ?? 500 + backoffMs(attempt, this.parts.random);
    const retryAtMs = this.parts.clock.now() + waitMs;
    this.#change(post.clientId, () => ({ ...base(post), status: "waiting", retryAtMs, code: problem.code }));
    this.parts.clock.after(waitMs, this.userChanged); // somebody else may be here by then
    return false;
  }

  #sessionOver(post: Post): boolean {
    this.#change(post.clientId, () => ({ ...base(post), status: "failed", code: SESSION_OVER }));
    this.parts.sessionIsOver();
    return true;
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

const base = ({ clientId, userId, roomId, text, replyTo, queuedAtMs }: Post) => ({
  clientId,
  ...(userId === undefined ? {} : { userId }),
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
