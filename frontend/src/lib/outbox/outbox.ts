/** Posts from Enter until the room shows their messages. They are shown at once, kept over reloads and offline, and sent
 * in order, one at a time per room. Every attempt uses the same client id, so a retry never creates a second message.
 * A post belongs to the user who wrote it: under another session it stays unsent until somebody retries it. */
import type { ChatApi } from "@/lib/api/chat-api";
import { Problem, unreachable } from "@/lib/api/problem";
import { dropOldest } from "@/lib/bounded";
import type { Clock } from "@/lib/clock";
import type { Message } from "@/lib/contract/types";
import { backoffMs } from "@/lib/feed/backoff";
import { Listeners } from "@/lib/listeners";
import type { OutboxStore, StoredPost } from "./outbox-store";

export const SENT_MAX = 200; // overflow rule OLDEST: the message of a dropped post comes with its room's page

export type PostStatus =
  | { readonly status: "queued" | "sending" }
  | {
      readonly status: "waiting";
      readonly retryAtMs: number;
      readonly code: string;
      /** Transient failures so far. */
      readonly failures: number;
    }
  | { readonly status: "failed"; readonly code: string }
  | { readonly status: "sent"; readonly message: Message };

/** The code of a post whose author's session has ended. */
export const SESSION_OVER = "session_over";

export type Post = Omit<StoredPost, "failedCode"> & PostStatus;

export interface OutboxState {
  /** In the order they were written. A sent post stays until `confirm`; unsent ones until they are sent or discarded. */
  readonly posts: readonly Post[];
}

export interface OutboxDependencies {
  readonly store: OutboxStore;
  readonly api: Pick<ChatApi, "post">;
  readonly clock: Clock;
  readonly random: () => number;
  /** The signed-in user: null for nobody, undefined while that is unknown. */
  readonly userId: () => string | null | undefined;
  /** Called when the server refuses the session. */
  readonly sessionIsOver: () => void;
  /** Run `work` under this user's session. Rejects with OtherSession if the browser has another user's. */
  readonly asUser: <T>(userId: string, work: () => Promise<T>) => Promise<T>;
  /** Only one tab sends a room's posts at a time. */
  readonly exclusively: (name: string, work: () => Promise<void>) => Promise<void>;
}

/** Another tab has signed in another user. */
export class OtherSession extends Error {}

export class Outbox {
  #state: OutboxState = { posts: [] };
  readonly #sending = new Set<string>();
  readonly #clientIds = new Map<string, string>();
  readonly #listeners = new Listeners();

  constructor(private readonly deps: OutboxDependencies) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): OutboxState => this.#state;

  /** The client id under which a message was posted here, so that it keeps its row. */
  clientIdOf = (messageId: string): string | undefined => this.#clientIds.get(messageId);

  /** Load the posts that were unsent when the app was last closed. */
  async restore(): Promise<void> {
    const stored = (await this.deps.store.all()).sort((a, b) => a.queuedAtMs - b.queuedAtMs);
    const known = new Set(this.#state.posts.map((post) => post.clientId));
    const posts = stored.filter((post) => !known.has(post.clientId)).map(fromStored);
    this.#set({ posts: [...posts, ...this.#state.posts] });
    this.userChanged();
  }

  /** The user has changed: only the new user's posts may be sent. */
  userChanged = (): void => {
    const userId = this.deps.userId();
    if (userId === undefined) return;
    this.#set({
      posts: this.#state.posts.map((post) => {
        if (post.userId === undefined) return userId === null ? post : { ...post, userId };
        if (post.status === "failed" && post.code === SESSION_OVER && post.userId === userId)
          return { ...unsent(post), status: "queued" };
        const isUnsent = post.status === "queued" || post.status === "waiting";
        return isUnsent && post.userId !== userId
          ? { ...unsent(post), status: "failed", code: SESSION_OVER }
          : post;
      }),
    });
    this.flush();
  };

  /** Queue a message; the next frame shows it. */
  add(post: { clientId: string; roomId: string; text: string; replyTo: string | null }): void {
    const queuedAtMs = Math.max(this.deps.clock.epochMs(), (this.#state.posts.at(-1)?.queuedAtMs ?? 0) + 1);
    const userId = this.deps.userId();
    const owned = { ...post, queuedAtMs, ...(userId ? { userId } : {}) };
    this.#set({ posts: [...this.#state.posts, { ...owned, status: "queued" }] });
    void this.deps.store.put({ ...owned, failedCode: null }).finally(() => this.flush());
  }

  /** Send all posts that may be sent, e.g. after a reload, or once the network is back. */
  flush = (): void => {
    for (const roomId of new Set(this.#state.posts.map((post) => post.roomId))) void this.#sendRoom(roomId);
  };

  /** Send a failed post again, under the current session. */
  retry(clientId: string): void {
    const userId = this.deps.userId();
    if (!userId) return;
    this.#change(clientId, (post) => ({ ...unsent(post), userId, status: "queued" }));
    const post = this.#state.posts.find((each) => each.clientId === clientId);
    if (post === undefined) return;
    void this.deps.store.put({ ...unsent(post), failedCode: null }).finally(() => this.flush());
  }

  discard(clientId: string): void {
    this.#set({ posts: this.#state.posts.filter((post) => post.clientId !== clientId) });
    void this.deps.store.remove(clientId);
  }

  /** Drop sent posts whose messages the room shows. Nothing on screen changes, so no listener is called. */
  confirm(posts: readonly Post[]): void {
    if (posts.length > 0) this.#state = { posts: this.#state.posts.filter((post) => !posts.includes(post)) };
  }

  async #sendRoom(roomId: string): Promise<void> {
    if (this.#sending.has(roomId)) return;
    this.#sending.add(roomId);
    const last: { isWaiting: boolean } = { isWaiting: false };
    try {
      await this.deps.exclusively(`outbox:${roomId}`, async () => {
        for (let post = this.#next(roomId); post !== undefined; post = this.#next(roomId)) {
          last.isWaiting = !(await this.#send(post));
          if (last.isWaiting) return;
        }
      });
    } finally {
      this.#sending.delete(roomId);
    }
    // A post queued while the lock was being released found the room busy.
    if (!last.isWaiting && this.#next(roomId) !== undefined) void this.#sendRoom(roomId);
  }

  /** The first post of the room that can be sent. Failed posts are skipped; a waiting one blocks those after it. */
  #next(roomId: string): Post | undefined {
    const userId = this.deps.userId();
    const first = this.#state.posts.find(
      (post) => post.roomId === roomId && post.status !== "sent" && post.status !== "failed",
    );
    if (!userId || first?.userId !== userId) return undefined;
    return first.status === "waiting" && first.retryAtMs > this.deps.clock.now() ? undefined : first;
  }

  /** True when the room's next post may follow. */
  async #send(post: Post): Promise<boolean> {
    this.#change(post.clientId, () => ({ ...unsent(post), status: "sending" }));
    try {
      const message = await this.deps.asUser(post.userId ?? "", () =>
        this.deps.api.post(post.roomId, {
          client_message_id: post.clientId,
          text: post.text,
          ...(post.replyTo === null ? {} : { reply_to: post.replyTo }),
        }),
      );
      this.#clientIds.set(message.id, post.clientId);
      dropOldest(this.#clientIds, SENT_MAX);
      this.#change(post.clientId, () => ({ ...unsent(post), status: "sent", message }));
      this.#dropOldestSent();
      await this.deps.store.remove(post.clientId);
      return true;
    } catch (error) {
      if (error instanceof OtherSession) return this.#sessionOver(post);
      return await this.#refused(post, error instanceof Problem ? error : unreachable());
    }
  }

  async #refused(post: Post, problem: Problem): Promise<boolean> {
    if (problem.status === 401) return this.#sessionOver(post);
    if (!problem.isTransient) {
      this.#change(post.clientId, () => ({ ...unsent(post), status: "failed", code: problem.code }));
      await this.deps.store.put({ ...unsent(post), failedCode: problem.code });
      return true;
    }
    const failures = post.status === "waiting" ? post.failures : 0;
    const waitMs = problem.retryAfterMs ?? 500 + backoffMs(failures, this.deps.random);
    const retryAtMs = this.deps.clock.now() + waitMs;
    const waiting = { status: "waiting", retryAtMs, code: problem.code, failures: failures + 1 } as const;
    this.#change(post.clientId, () => ({ ...unsent(post), ...waiting }));
    this.deps.clock.after(waitMs, this.userChanged); // the user may be another one by then
    return false;
  }

  #sessionOver(post: Post): boolean {
    this.#change(post.clientId, () => ({ ...unsent(post), status: "failed", code: SESSION_OVER }));
    this.deps.sessionIsOver();
    return true;
  }

  /** Rooms that are not open confirm nothing. */
  #dropOldestSent(): void {
    const sent = this.#state.posts.filter((post) => post.status === "sent");
    this.confirm(sent.slice(0, -SENT_MAX));
  }

  #change(clientId: string, change: (post: Post) => Post): void {
    this.#set({ posts: this.#state.posts.map((post) => (post.clientId === clientId ? change(post) : post)) });
  }

  #set(change: Partial<OutboxState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}

const unsent = ({ clientId, userId, roomId, text, replyTo, queuedAtMs }: Post) => ({
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
