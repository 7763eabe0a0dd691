/** Posts, from Enter until the room shows their messages. They appear at once, survive reloads and time offline, and are
 * sent in order, one at a time per room. Every attempt uses the same client id, so a retry never creates a second message.
 * A post belongs to its author: under another session it stays unsent until somebody retries it.
 * A post that a filter holds waits for a moderator: it is sent again from time to time, which returns the decision. */
import type { ChatApi } from "@/lib/api/chat-api";
import { Problem, RETRY_AFTER_MAX_MS, unreachable } from "@/lib/api/problem";
import { dropOldest } from "@/lib/drop-oldest";
import type { Clock } from "@/lib/clock";
import type { HeldMessage, Message } from "@/lib/contract/types";
import { backoffMs } from "@/lib/feed/backoff";
import { Listeners } from "@/lib/listeners";
import type { OutboxStore, StoredPost } from "./outbox-store";

export const SENT_MAX = 200; // overflow rule OLDEST: the message of a dropped post arrives with its room's page
const REMOVED_MAX = 1_000; // overflow rule OLDEST: a dropped post may be restored and sent again, under the same client id
export const UNSENT_MAX = 200; // overflow rule REFUSE: the composer keeps the text
export const STORE_WAIT_MS = 1_000; // then the post is sent before it is stored
export const HELD_CHECK_MS = 30_000; // until a held post is sent again; doubles with each time
export const HELD_CHECK_MAX_MS = 10 * 60_000;
export const RESTORE_ATTEMPTS_MAX = 8; // in a row; then again when the network returns

export type PostStatus =
  | { readonly status: "queued" | "sending" }
  | {
      readonly status: "waiting";
      /** On the app's clock. */
      readonly retryAtMs: number;
      readonly code: string;
      /** Transient failures so far. */
      readonly failures: number;
    }
  | {
      readonly status: "held";
      /** The id that the message gets if a host allows it. */
      readonly heldId: string;
      /** When to ask for the decision, on the app's clock. */
      readonly checkAtMs: number;
      readonly checks: number;
    }
  | { readonly status: "failed"; readonly code: string; readonly detail: string }
  | { readonly status: "sent"; readonly message: Message };

/** The code of a post whose author's session has ended. */
export const SESSION_OVER = "session_over";

/** The code of a post that a moderator has refused. */
export const HELD_REFUSED = "held_refused";

export type Post = Omit<StoredPost, "failedCode" | "failedDetail" | "heldId"> & PostStatus;

/** A post that the composer adds. */
export type NewPost = Pick<StoredPost, "clientId" | "roomId" | "text" | "replyTo">;

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
  /** Tell the other tabs that a post was sent or discarded here. */
  readonly announceDone: (clientId: string) => void;
}

/** Another tab has signed in another user. */
export class OtherSession extends Error {}

export class Outbox {
  #state: OutboxState = { posts: [] };
  #isStoreSlow = false;
  #isRestored = false;
  #restoring = 0; // number of the latest restoring; earlier ones stop
  readonly #sending = new Set<string>();
  /** Posts being sent here that another tab has sent or discarded: if refused, they are not retried. */
  readonly #doneElsewhere = new Set<string>();
  readonly #clientIds = new Map<string, string>();
  /** Posts sent or discarded here. They are not restored, even if the store failed to remove them. */
  readonly #removed = new Set<string>();
  readonly #listeners = new Listeners();

  constructor(private readonly deps: OutboxDependencies) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): OutboxState => this.#state;

  /** The client id under which a message was posted here, so that it keeps its row. */
  clientIdOf = (messageId: string): string | undefined => this.#clientIds.get(messageId);

  /** Load the posts that were unsent when the app was last closed. A failing store is retried with backoff. */
  restore = async (): Promise<void> => {
    const own = (this.#restoring += 1);
    for (let failures = 0; failures < RESTORE_ATTEMPTS_MAX; failures += 1) {
      const stored = await this.deps.store.all().catch(() => null);
      if (own !== this.#restoring) return;
      if (stored !== null) {
        this.#restored(stored);
        return;
      }
      const waitMs = 500 + backoffMs(failures, this.deps.random);
      await new Promise<void>((ended) => this.deps.clock.after(waitMs, ended));
      if (own !== this.#restoring) return;
    }
  };

  #restored(stored: StoredPost[]): void {
    this.#isRestored = true;
    stored.sort((a, b) => a.queuedAtMs - b.queuedAtMs);
    const known = new Set([...this.#removed, ...this.#state.posts.map((post) => post.clientId)]);
    const posts = stored.filter((post) => !known.has(post.clientId)).map(fromStored);
    this.#set({ posts: [...posts, ...this.#state.posts] });
    this.userChanged();
  }

  /** The user has changed: only the new user's posts may be sent. */
  userChanged = (): void => {
    const userId = this.deps.userId();
    if (userId === undefined) return;
    // The server keeps these posts, and the next person must not see them.
    for (const { clientId } of this.#heldPosts().filter((post) => post.userId !== userId))
      this.discard(clientId);
    this.#set({
      posts: this.#state.posts.map((post) => {
        if (post.userId === undefined) return userId === null ? post : { ...post, userId };
        if (post.status === "failed" && post.code === SESSION_OVER && post.userId === userId)
          return { ...unsent(post), status: "queued" };
        const isUnsent = post.status === "queued" || post.status === "waiting";
        return isUnsent && post.userId !== userId ? { ...unsent(post), ...OVER } : post;
      }),
    });
    this.flush();
  };

  /** Whether no further post may be added. */
  get isFull(): boolean {
    return this.#state.posts.filter((post) => post.status !== "sent").length >= UNSENT_MAX;
  }

  /** Queue a message; the next frame shows it. False if the outbox is full. */
  add(post: NewPost): boolean {
    if (this.isFull) return false;
    this.#queue(post);
    return true;
  }

  #queue(post: NewPost): void {
    const lastMs = this.#state.posts.at(-1)?.queuedAtMs ?? 0;
    const userId = this.deps.userId();
    const queuedAtMs = Math.max(this.deps.clock.epochMs(), lastMs + 1);
    const added: Post = { ...post, queuedAtMs, ...(userId ? { userId } : {}), status: "queued" };
    this.#set({ posts: [...this.#state.posts.filter(({ clientId }) => clientId !== post.clientId), added] });
    void this.#store(added).then(this.flush);
  }

  /** Send all posts that may be sent, e.g. after a reload. */
  flush = (): void => {
    for (const roomId of new Set(this.#state.posts.map((post) => post.roomId))) void this.#sendRoom(roomId);
  };

  /** The network may be back: end all waits. */
  wake = (): void => {
    this.#endWaits(Infinity);
    if (this.#restoring > 0 && !this.#isRestored) void this.restore();
  };

  /** Send a failed post again, under the current session. */
  retry(clientId: string): void {
    const userId = this.deps.userId();
    const failed = this.#find(clientId);
    if (!userId || failed?.status !== "failed") return;
    const post: Post = { ...unsent(failed), replyTo: replyAgain(failed), userId, status: "queued" };
    this.#change(clientId, () => post);
    void this.#store(post).then(this.flush);
  }

  /** Replace an unsent post with its correction. The correction has another client id, because an earlier attempt may have
   * stored the original although its response was lost. */
  correct(clientId: string, corrected: Omit<NewPost, "replyTo">): void {
    const post = this.#find(clientId);
    this.#queue({ ...corrected, replyTo: post === undefined ? null : replyAgain(post) });
    const isReplaced =
      corrected.clientId !== clientId && post?.status !== "sending" && post?.status !== "sent";
    if (isReplaced) this.discard(clientId);
  }

  /** A room shows this message; it may be a post that was held. */
  shows(message: Message): void {
    const post = this.#heldPosts().find(({ heldId }) => heldId === message.id);
    if (post !== undefined) this.#sent(post, message);
  }

  #heldPosts() {
    return this.#state.posts.filter((post) => post.status === "held");
  }

  discard(clientId: string): void {
    this.#drop(clientId);
    this.#removeStored(clientId);
  }

  /** Another tab has sent or discarded a post. */
  doneElsewhere(clientId: string): void {
    const post = this.#find(clientId);
    if (post?.status === "sending") this.#doneElsewhere.add(clientId);
    else if (post !== undefined && post.status !== "sent") this.#drop(clientId);
  }

  /** Drop sent posts whose messages the room shows. Nothing on screen changes, so no listener is called. */
  confirm(posts: readonly Post[]): void {
    if (posts.length > 0) this.#state = { posts: this.#state.posts.filter((post) => !posts.includes(post)) };
  }

  async #sendRoom(roomId: string): Promise<void> {
    if (this.#sending.has(roomId)) return;
    this.#sending.add(roomId);
    try {
      await this.deps.exclusively(`outbox:${roomId}`, async () => {
        for (let post = this.#next(roomId); post !== undefined; post = this.#next(roomId))
          if (!(await this.#send(post))) return;
      });
    } finally {
      this.#sending.delete(roomId);
    }
    // While the lock was being released, a post that was queued and a wait that ended found the room busy.
    if (this.#next(roomId) !== undefined) void this.#sendRoom(roomId);
  }

  /** The first post of the room that can be sent. Failed posts are skipped; a waiting one blocks those after it. Then the
   * first held post whose decision may be asked for. */
  #next(roomId: string): Post | undefined {
    const userId = this.deps.userId();
    const now = this.deps.clock.now();
    const first = this.#state.posts.find((post) => post.roomId === roomId && !SETTLED.has(post.status));
    if (!userId || (first !== undefined && first.userId !== userId)) return undefined;
    if (first !== undefined && !(first.status === "waiting" && first.retryAtMs > now)) return first;
    return this.#heldPosts().find((post) => post.roomId === roomId && post.checkAtMs <= now);
  }

  /** Returns whether the room's next post may follow. */
  async #send(post: Post): Promise<boolean> {
    if (post.status !== "held") this.#change(post.clientId, () => ({ ...unsent(post), status: "sending" }));
    let message: Message | HeldMessage;
    try {
      message = await this.deps.asUser(post.userId ?? "", () =>
        this.deps.api.post(post.roomId, {
          client_message_id: post.clientId,
          text: post.text,
          ...(post.replyTo === null ? {} : { reply_to: post.replyTo }),
        }),
      );
    } catch (error) {
      if (error instanceof OtherSession) return this.#sessionOver(post);
      return this.#refused(post, error instanceof Problem ? error : unreachable());
    }
    if ("held" in message) return this.#markHeld(post, message);
    this.#sent(post, message);
    return true;
  }

  #sent(post: Post, message: Message): void {
    this.#doneElsewhere.delete(post.clientId);
    this.#knowMessage(message.id, post.clientId);
    this.#change(post.clientId, () => ({ ...unsent(post), status: "sent", message }));
    this.#dropOldestSent();
    this.#removeStored(post.clientId);
  }

  #knowMessage(messageId: string, clientId: string): void {
    this.#clientIds.set(messageId, clientId);
    dropOldest(this.#clientIds, SENT_MAX);
  }

  #markHeld(post: Post, { id }: HeldMessage): boolean {
    if (this.#doneElsewhere.delete(post.clientId)) {
      this.#drop(post.clientId);
      return true;
    }
    const isNew = post.status !== "held";
    this.#holdUntilCheck(post, id, isNew ? 0 : post.checks + 1);
    if (isNew) void this.#store({ ...unsent(post), status: "held", heldId: id, checkAtMs: 0, checks: 0 });
    return true;
  }

  /** The server has not decided, or did not answer. */
  #holdUntilCheck(post: Post, heldId: string, checks: number, retryAfterMs = 0): void {
    this.#knowMessage(heldId, post.clientId);
    const boundMs = Math.min(HELD_CHECK_MAX_MS, HELD_CHECK_MS * 2 ** Math.min(checks, 10));
    const waitMs = retryAfterMs + boundMs * (0.5 + this.deps.random() / 2);
    const held = { status: "held", heldId, checks } as const;
    const holdUntil = (checkAtMs: number) =>
      // The room may have shown the message in the meantime.
      this.#change(post.clientId, (now) =>
        now.status === "sending" || now.status === "held" ? { ...unsent(post), ...held, checkAtMs } : now,
      );
    holdUntil(this.deps.clock.now() + waitMs);
    this.deps.clock.after(waitMs, () => {
      holdUntil(-Infinity); // the current time is not compared: timers may fire slightly early
      void this.#sendRoom(post.roomId);
    });
  }

  #refused(post: Post, problem: Problem): boolean {
    if (this.#doneElsewhere.delete(post.clientId)) {
      this.#drop(post.clientId);
      return true;
    }
    if (problem.status === 401) return this.#sessionOver(post);
    if (!problem.isTransient) {
      const isHeld = post.status === "held" && problem.code === "message_refused";
      const failed: Post = {
        ...unsent(post),
        status: "failed",
        code: isHeld ? HELD_REFUSED : problem.code,
        detail: problem.detail,
      };
      this.#change(post.clientId, () => failed);
      void this.#store(failed);
      return true;
    }
    if (post.status === "held") {
      this.#holdUntilCheck(post, post.heldId, post.checks + 1, problem.retryAfterMs ?? 0);
      return true;
    }
    const failures = post.status === "waiting" ? post.failures : 0;
    const ownWaitMs = 500 + backoffMs(failures, this.deps.random);
    const waitMs = Math.min(RETRY_AFTER_MAX_MS, problem.serverWaitMs ?? ownWaitMs);
    const retryAtMs = this.deps.clock.now() + waitMs;
    const waiting = { status: "waiting", retryAtMs, code: problem.code, failures: failures + 1 } as const;
    this.#change(post.clientId, () => ({ ...unsent(post), ...waiting }));
    this.deps.clock.after(waitMs, () => this.#endWaits(retryAtMs));
    return false;
  }

  /** End the waits up to `untilMs`, which is not compared with the current time: timers may fire slightly early. */
  #endWaits(untilMs: number): void {
    const now = this.deps.clock.now();
    this.#set({
      posts: this.#state.posts.map((post) =>
        post.status === "waiting" && post.retryAtMs <= untilMs ? { ...post, retryAtMs: now } : post,
      ),
    });
    this.userChanged(); // the user may have changed in the meantime
  }

  #sessionOver(post: Post): boolean {
    if (post.status === "held") this.#holdUntilCheck(post, post.heldId, post.checks + 1);
    else this.#change(post.clientId, () => ({ ...unsent(post), ...OVER }));
    this.deps.sessionIsOver();
    return true;
  }

  /** Resolves once the post is stored, or when the store fails or takes too long. The post is sent in any case; only a
   * reload before that would lose it. */
  async #store(post: Post): Promise<void> {
    const stored = settledStore(this.deps.store.put(toStored(post))).then(() => {
      this.#isStoreSlow = false;
    });
    if (this.#isStoreSlow) return;
    await new Promise<void>((resolve) => {
      const cancel = this.deps.clock.after(STORE_WAIT_MS, () => {
        this.#isStoreSlow = true;
        resolve();
      });
      void stored.then(() => {
        cancel();
        resolve();
      });
    });
  }

  /** Not awaited: a post that remains stored is sent again after a reload, under the same client id. */
  #removeStored(clientId: string): void {
    this.#removed.add(clientId);
    dropOldest(this.#removed, REMOVED_MAX);
    void settledStore(this.deps.store.remove(clientId));
    this.deps.announceDone(clientId);
  }

  /** Needed because only open rooms confirm their posts. */
  #dropOldestSent(): void {
    const sent = this.#state.posts.filter((post) => post.status === "sent");
    this.confirm(sent.slice(0, -SENT_MAX));
  }

  #find(clientId: string): Post | undefined {
    return this.#state.posts.find((post) => post.clientId === clientId);
  }

  #drop(clientId: string): void {
    this.#set({ posts: this.#state.posts.filter((post) => post.clientId !== clientId) });
  }

  #change(clientId: string, change: (post: Post) => Post): void {
    this.#set({ posts: this.#state.posts.map((post) => (post.clientId === clientId ? change(post) : post)) });
  }

  #set(change: Partial<OutboxState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}

/** Posts that do not block later ones. */
const SETTLED: ReadonlySet<Post["status"]> = new Set(["sent", "failed", "held"]);

/** The code under which an earlier version of the app stored posts that were held. */
const FORMER_HELD = "message_held";

const OVER = { status: "failed", code: SESSION_OVER, detail: "" } as const;

/** A reply to an unknown message would be refused again. */
const replyAgain = (post: Post): string | null =>
  post.status === "failed" && post.code === "message_not_found" ? null : post.replyTo;

const settledStore = (call: Promise<void>): Promise<void> => call.catch(() => undefined);

const unsent = ({ clientId, userId, roomId, text, replyTo, queuedAtMs }: Post) => ({
  clientId,
  ...(userId === undefined ? {} : { userId }),
  roomId,
  text,
  replyTo,
  queuedAtMs,
});

const toStored = (post: Post): StoredPost =>
  post.status === "failed"
    ? { ...unsent(post), failedCode: post.code, failedDetail: post.detail }
    : { ...unsent(post), failedCode: null, ...(post.status === "held" && { heldId: post.heldId }) };

/** A held post asks for the decision at once. */
function fromStored({ failedCode, failedDetail = "", heldId, ...post }: StoredPost): Post {
  if (failedCode === FORMER_HELD) return { ...post, status: "queued" };
  if (failedCode !== null) return { ...post, status: "failed", code: failedCode, detail: failedDetail };
  if (heldId !== undefined) return { ...post, status: "held", heldId, checkAtMs: -Infinity, checks: 0 };
  return { ...post, status: "queued" };
}
