/** The part of a room that is on screen, and when it may change. The feed applies events at once; the view commits them
 * at a pace that a person can follow, pauses while the reader looks closer, and counts what it holds back. */
import type { Clock } from "@/lib/clock";
import type { Author, Message, RoomEvent, StreamSkipped } from "@/lib/contract/types";
import type { FeedState, RoomFeed } from "@/lib/feed/room-feed";
import { HIDDEN_STORE_MESSAGES, KEEP_NEWEST, purgeRule, STORE_MESSAGES } from "@/lib/feed/room-state";
import { isLeftOut } from "@/lib/feed/skipped-runs";
import { dropOldest } from "@/lib/drop-oldest";
import { Listeners } from "@/lib/listeners";
import type { NetworkReturn } from "@/lib/network-return";
import type { Outbox, OutboxState, Post } from "@/lib/outbox/outbox";
import type { ReadingPace } from "@/lib/reading-pace";
import type { IgnoredPeople } from "@/lib/people/ignored-people";
import { recentNicknames } from "@/lib/people/recent-nicknames";
import { roleIn } from "@/lib/people/roles";
import { mentions } from "@/lib/text/mentions";
import { AwayTracker, type AwaySummary } from "./away-summary";
import { commitDelayMs, RateMeter } from "./commit-pace";
import { NOT_PAUSED, nextPause, type Pause, type PauseEvent } from "./list-pause";
import type { OwnMessages } from "./own-messages";
import { ReplyAuthors } from "./reply-authors";
import { COMFORTABLE, densityDueMs, nextDensity, type DensityChoice, type RowDensity } from "./row-density";
import { buildRows, postsNotShown, type Row } from "./rows";
import type { ReadPosition, UnreadCounts } from "./unread-while-paused";

const SETTLE_MS = 1_000; // after the last event, the rate on screen decays without further events
const LEFT_OUT_MAX = 3 * STORE_MESSAGES; // overflow rule: drop ids whose messages have left the store
const OWN_IDS_MAX = 2 * STORE_MESSAGES; // overflow rule OLDEST: replies to an own message that old are not for me
export const REFRESH_MS = 15_000; // and as much again as jitter: every reader of the lane has skipped the same changes
const OPENED_MAX = 1_000; // overflow rule OLDEST: messages that the reader opened first are left out again

export interface RoomScreen {
  readonly feed: FeedState;
  readonly rows: readonly Row[];
  readonly isPaused: boolean;
  /** Messages that arrived since the list was paused. */
  readonly unread: UnreadCounts;
  readonly away: AwaySummary | null;
  readonly messagesPerS: number;
  readonly isSlowed: boolean;
  readonly density: RowDensity;
  /** The message to scroll to. A new object for each jump. */
  readonly target: { readonly seq: number } | null;
  /** The store lacks the newest messages; the page after the last row can be fetched. */
  readonly canLoadNewer: boolean;
  /** The newest of my posts is below the visible part; its seq once the server has stored it. */
  readonly lastPost: { readonly seq: number | null } | null;
}

export interface ViewDependencies {
  readonly feed: RoomFeed;
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly network: Pick<NetworkReturn, "wait">;
  /** Call with the next frame; the returned function cancels the call. */
  readonly nextFrame: (call: () => void) => () => void;
  readonly startOfDay: (timeMs: number) => number;
  readonly roomId: string;
  /** Messages after a seq that may mention a nickname, in any order; used for messages whose events never arrived. */
  readonly findMentions: (nickname: string, afterSeq: number) => Promise<readonly Message[]>;
  /** A message of the room that is not loaded. */
  readonly findMessage: (messageId: string) => Promise<Pick<Message, "author">>;
  /** Messages of the reader that may not be loaded. */
  readonly ownMessages: OwnMessages;
  /** Their messages get no row, are not counted as unread and are never for the reader. */
  readonly ignored: Pick<IgnoredPeople, "has" | "subscribe">;
  readonly random: () => number;
}

export class RoomView {
  #viewer: Author | null = null;
  #readingPace: ReadingPace = "calm";
  #pause: Pause = NOT_PAUSED;
  #horizonSeq = Number.MAX_SAFE_INTEGER;
  #committed: ReadPosition = { seq: 0, messageCount: 0 };
  #committedAtMs = -Infinity;
  #skipped: FeedState["skipped"] = null;
  #isSlowed = false;
  #densityChoice: DensityChoice = "auto";
  #density = COMFORTABLE;
  /** Messages that the writer has marked, received as events. Those of pages all get rows, as the reader asked for them. */
  #leftOut = new Set<string>();
  readonly #sent = new WeakSet<Message>();
  #opened = new Set<number>();
  #mine = new Set<string>();
  #forMe = new WeakMap<Message, boolean>();
  #firstVisibleSeq: number | null = null;
  #target: { seq: number } | null = null;
  /** Sent posts whose messages are on screen. */
  #confirmed: readonly Post[] = [];
  #cancelCommit: (() => void) | null = null;
  #cancelSettle: () => void = () => undefined;
  #cancelRefresh: (() => void) | null = null;
  #lastConnection: string = "";
  #stop: readonly (() => void)[] = [];
  #screen: RoomScreen;
  readonly #away: AwayTracker;
  readonly #replyAuthors: ReplyAuthors;
  readonly #foundForMeListeners = new Set<(message: Message) => void>();
  readonly #meter = new RateMeter();
  readonly #listeners = new Listeners(
    () => this.#start(),
    () => this.#end(),
  );

  constructor(private readonly deps: ViewDependencies) {
    this.#replyAuthors = new ReplyAuthors(deps);
    this.#away = new AwayTracker({
      network: deps.network,
      random: deps.random,
      findMentions: async (afterSeq) =>
        this.#viewer === null ? [] : deps.findMentions(this.#viewer.nickname, afterSeq),
      isForMe: (message) => this.isForMe(message),
      onChange: () => this.#commitSoon(),
    });
    this.#screen = this.#compose();
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** Call `listener` for each message that turns out to be for the reader only after its event. */
  onFoundForMe(listener: (message: Message) => void): () => void {
    this.#foundForMeListeners.add(listener);
    return () => this.#foundForMeListeners.delete(listener);
  }

  /** The same object until the next commit. */
  getSnapshot = (): RoomScreen => this.#screen;

  setViewer(viewer: Author | null): void {
    if (viewer?.id === this.#viewer?.id) return;
    this.#viewer = viewer;
    this.#forMe = new WeakMap();
    this.#mine = new Set(viewer === null ? [] : this.deps.ownMessages.ids(viewer.id));
    this.#noteOwnMessages();
    this.#commitSoon();
  }

  setReadingPace(pace: ReadingPace): void {
    this.#readingPace = pace;
    this.#commitSoon();
  }

  setDensityChoice(choice: DensityChoice): void {
    this.#densityChoice = choice;
    this.#commitSoon();
  }

  /** Build the rows again, because the reader's days have changed. */
  refresh = (): void => this.#commitSoon();

  /** Whether the app is too slow to draw every frame. */
  setSlowed(isSlowed: boolean): void {
    this.#isSlowed = isSlowed;
    this.#commitSoon();
  }

  /** The seq of the first visible row: trimming keeps it and everything after it. */
  setFirstVisible(seq: number | null): void {
    this.#firstVisibleSeq = seq;
    this.#setKeep();
  }

  dispatchPause = (event: PauseEvent): void => {
    const wasPaused = this.#pause.size > 0;
    this.#pause = nextPause(this.#pause, event);
    const isPaused = this.#pause.size > 0;
    if (wasPaused === isPaused) return;
    const { room } = this.deps.feed.getSnapshot();
    if (isPaused) this.#away.pause(this.#committed);
    else this.#away.resume();
    this.#horizonSeq = isPaused ? this.#committed.seq : Number.MAX_SAFE_INTEGER;
    if (!isPaused) {
      this.#target = null;
      for (const { id } of room?.pinned ?? []) this.#leftOut.delete(id);
    }
    this.#setKeep();
    if (!isPaused) {
      this.deps.feed.leaveHistory();
      if (room?.isCutOff === true || room?.isStale === true) this.deps.feed.reload();
    }
    this.#commit();
  };

  /** Show the messages that were left out after this one. Rejects with a Problem if those that are not loaded are refused. */
  open = async (afterSeq: number): Promise<void> => {
    const beforeSeq = this.#nextRowSeq(afterSeq);
    this.#opened.add(afterSeq);
    dropOldest(this.#opened, OPENED_MAX);
    this.#commit();
    const { feed } = this.deps;
    const isLacking = (fromSeq: number) => fromSeq >= afterSeq && fromSeq < beforeSeq;
    if (feed.getSnapshot().room?.skippedRuns.some(({ fromSeq }) => isLacking(fromSeq)) !== true) return;
    this.dispatchPause({ type: "began", reason: "history" }); // they arrive later, and the list must not scroll away from them
    await feed.openSkipped(afterSeq, beforeSeq);
    this.#commit();
  };

  #nextRowSeq(afterSeq: number): number {
    const seqs = this.#screen.rows.flatMap((row) =>
      row.kind === "message" && row.post === null ? [row.message.seq] : [],
    );
    return seqs.find((seq) => seq > afterSeq) ?? Infinity;
  }

  /** Scroll to a message anywhere in the room's history. */
  jumpTo = async (seq: number): Promise<void> => {
    this.dispatchPause({ type: "began", reason: "history" });
    this.#horizonSeq = Math.max(this.#horizonSeq, seq);
    if (this.#find(seq) === undefined) await this.deps.feed.loadAround(seq);
    const found = this.#find(seq);
    if (found !== undefined) this.#leftOut.delete(found.id);
    this.#target = { seq: found?.seq ?? seq };
    this.#commit();
  };

  #find(seq: number): Message | undefined {
    return this.deps.feed.getSnapshot().room?.messages.find((message) => message.seq === seq);
  }

  dismissAway = (): void => {
    this.#away.dismiss();
    this.deps.feed.dismissSkipped();
    this.#commitSoon();
  };

  /** A hidden tab does not render and keeps fewer messages, but still counts mentions. */
  setHidden(isHidden: boolean): void {
    if (isHidden === this.#away.isHidden) return;
    if (isHidden) this.#away.hide(this.#committed);
    else this.#away.show(this.deps.feed.getSnapshot().room);
    this.#setKeep();
    this.#commit();
  }

  #start(): void {
    const { feed, outbox, ignored } = this.deps;
    this.#stop = [
      feed.onEvent((event) => this.#onEvent(event)),
      feed.onSkipped((run) => this.#onSkipped(run)),
      feed.subscribe(() => this.#onFeedChange()),
      outbox.subscribe(() => {
        this.#showSent();
        this.#commitSoon();
      }),
      ignored.subscribe(() => {
        this.#forMe = new WeakMap();
        this.#commitSoon();
      }),
    ];
    this.#showSent();
    this.#commitSoon();
  }

  /** The calm lane may skip the reader's own messages; the answers to their posts carry them. */
  #showSent(): void {
    for (const post of this.deps.outbox.getSnapshot().posts) {
      if (post.status !== "sent" || post.roomId !== this.deps.roomId || this.#sent.has(post.message))
        continue;
      this.#sent.add(post.message);
      this.deps.feed.showPosted(post.message);
    }
  }

  #end(): void {
    for (const stop of this.#stop) stop();
    this.#cancelCommit?.();
    this.#cancelCommit = null;
    this.#cancelSettle();
    this.#cancelRefresh?.();
    this.#cancelRefresh = null;
    this.#away.stop();
  }

  #onEvent(event: RoomEvent): void {
    // A pinned message gets a row, but not while the list is paused: the row would move what the reader sees.
    if (event.type === "message.pinned" && this.#pause.size === 0) this.#leftOut.delete(event.message.id);
    if (event.type === "message.deleted") this.#away.onDeleted(({ id }) => id === event.message.id);
    if (event.type === "messages.purged") this.#away.onDeleted(purgeRule(event));
    if (event.type !== "message.created") return;
    const { message } = event;
    const isMine = this.#viewer !== null && message.author.id === this.#viewer.id;
    if (isMine) {
      this.deps.outbox.shows(message);
      this.#mine.add(message.id);
      this.deps.ownMessages.add(message.author.id, message.id);
    }
    const isIgnored = this.deps.ignored.has(message.author.id);
    const isForMe = this.isForMe(message);
    if (isLeftOut(event) && !isMine && !isForMe) this.#leftOut.add(message.id);
    this.#meter.add(this.deps.clock.now());
    this.#away.onMessage(message, isMine || isIgnored, isForMe);
    if (!isMine && !isIgnored && !isForMe) void this.#checkReply(message);
  }

  /** Messages that the calm lane does not send. They count like the others. */
  #onSkipped(run: StreamSkipped): void {
    this.#meter.add(this.deps.clock.now(), run.messages);
    if (run.to_seq - run.from_seq > run.messages) this.#refreshLater();
    const viewer = this.#viewer;
    if (viewer !== null && run.replied_to.includes(viewer.id)) this.#away.onSkippedReplies(run.to_seq);
  }

  /** The lane sends no edits and reactions of the messages that it leaves out. Load those in view again. */
  #refreshLater(): void {
    const { clock, random, feed } = this.deps;
    this.#cancelRefresh ??= clock.after(REFRESH_MS * (1 + random()), () => {
      this.#cancelRefresh = null;
      const fromSeq = this.#firstVisibleSeq ?? 0;
      const messages = feed.getSnapshot().room?.messages ?? [];
      const first = messages.find(({ seq, calm }) => seq >= fromSeq && calm === false);
      if (first !== undefined && !this.#away.isHidden) void feed.refreshFrom(first.seq);
    });
  }

  /** A reply to a message that is not loaded may be for the reader. A hot room refuses fetches, and in the calm lane of a busy
   * one most messages are not loaded, so it is not checked there. */
  async #checkReply(message: Message): Promise<void> {
    const { reply_to: repliedTo } = message;
    const viewer = this.#viewer;
    const { room } = this.deps.feed.getSnapshot();
    if (repliedTo === null || viewer === null || room === null) return;
    if (room.heat.hot || room.skippedRuns.length > 0) return;
    if (room.messages.findLast(({ id }) => id === repliedTo) !== undefined) return;
    const authorId = await this.#replyAuthors.find(repliedTo);
    if (authorId !== viewer.id || this.#viewer?.id !== viewer.id) return;
    this.#mine.add(repliedTo);
    this.deps.ownMessages.add(viewer.id, repliedTo);
    this.#forMe.delete(message);
    this.#leftOut.delete(message.id);
    this.#away.addForMe([message]);
    this.#commitSoon();
    for (const listener of this.#foundForMeListeners) listener(message);
  }

  #onFeedChange(): void {
    const { connection, room, skipped } = this.deps.feed.getSnapshot();
    if (skipped !== this.#skipped) {
      this.#skipped = skipped;
      if (skipped !== null && room !== null) this.#away.onSkipped(skipped, room);
    }
    const isNewStatus = connection.status !== this.#lastConnection;
    this.#lastConnection = connection.status;
    if (isNewStatus) this.#noteOwnMessages(); // also in a hidden tab, which commits nothing
    if (room !== null && this.#leftOut.size > LEFT_OUT_MAX) {
      this.#leftOut = new Set(room.messages.map(({ id }) => id).filter((id) => this.#leftOut.has(id)));
    }
    this.#commitSoon(isNewStatus);
  }

  #setKeep(): void {
    const capacity = this.#away.isHidden ? HIDDEN_STORE_MESSAGES : STORE_MESSAGES;
    const isMoving = this.#pause.size === 0;
    const keepFromSeq = isMoving ? KEEP_NEWEST.keepFromSeq : (this.#firstVisibleSeq ?? 0);
    this.deps.feed.keep({ capacity, keepFromSeq });
  }

  #commitSoon(isUrgent = true): void {
    if (this.#cancelCommit !== null && !isUrgent) return;
    this.#cancelCommit?.();
    const { clock, nextFrame } = this.deps;
    const now = clock.now();
    const commit = () => {
      this.#cancelCommit = null;
      this.#commit();
    };
    const waitMs = isUrgent
      ? 0
      : commitDelayMs(now - this.#committedAtMs, this.#meter.perS(now), this.#isSlowed);
    this.#cancelCommit = waitMs === 0 ? nextFrame(commit) : clock.after(waitMs, commit);
  }

  #commit(): void {
    if (this.#away.isHidden) return;
    const now = this.deps.clock.now();
    this.#committedAtMs = now;
    this.#density = nextDensity(this.#density, {
      choice: this.#densityChoice,
      messagesPerS: this.#meter.perS(now),
      isPaused: this.#pause.size > 0,
      nowMs: now,
    });
    if (this.#pause.size === 0) {
      const { room } = this.deps.feed.getSnapshot();
      this.#committed = { seq: room?.seq ?? 0, messageCount: room?.messageCount ?? 0 };
    }
    this.#screen = this.#compose();
    this.deps.outbox.confirm(this.#confirmed);
    this.#cancelSettle();
    const settleMs = this.#settleMs(now);
    if (settleMs !== null) {
      this.#cancelSettle = this.deps.clock.after(settleMs, () => this.#commitSoon(false));
    }
    this.#listeners.notify();
  }

  /** How long until the screen changes without a further event; null for never. */
  #settleMs(nowMs: number): number | null {
    if (this.#screen.messagesPerS > 0) return SETTLE_MS;
    const dueMs = this.#pause.size > 0 ? null : densityDueMs(this.#density);
    return dueMs === null ? null : Math.max(SETTLE_MS, dueMs - nowMs);
  }

  #compose(): RoomScreen {
    const feed = this.deps.feed.getSnapshot();
    const outbox: OutboxState = this.deps.outbox.getSnapshot();
    const { clientIdOf } = this.deps.outbox;
    const room = feed.room;
    const all = room?.messages ?? [];
    this.#noteOwnMessages();
    const messages = all.filter(({ seq }) => seq <= this.#horizonSeq);
    const roomPosts = outbox.posts.filter((post) => post.roomId === this.deps.roomId);
    const posts = postsNotShown(roomPosts, messages, this.#viewer?.id ?? null, clientIdOf);
    this.#confirmed = roomPosts.filter((post) => post.status === "sent" && !posts.includes(post));
    const myRole = roleIn(room, this.#viewer?.id);
    const rows = buildRows({
      messages: messages.filter(({ author }) => !this.deps.ignored.has(author.id)),
      skippedRuns: room?.skippedRuns.filter(({ toSeq }) => toSeq <= this.#horizonSeq) ?? [],
      hasOlder: room?.hasOlder ?? true,
      isShown: this.#shownRule(),
      isForMe: (message) => this.isForMe(message),
      pinned: room?.pinned ?? [],
      myId: this.#viewer?.id ?? null,
      myNickname: this.#viewer?.nickname ?? "",
      myRole: myRole === "guest" ? undefined : myRole,
      clientIdOf,
      posts,
      startOfDay: this.deps.startOfDay,
    });
    const now = this.deps.clock.now();
    return {
      feed,
      rows,
      isPaused: this.#pause.size > 0,
      unread: this.#away.unread(room),
      away: this.#away.summary,
      messagesPerS: this.#meter.perS(now),
      isSlowed: this.#isSlowed,
      density: this.#density.density,
      target: this.#target,
      canLoadNewer: room?.isCutOff === true && (messages.at(-1)?.seq ?? 0) < this.#horizonSeq,
      lastPost: seqOfLast(posts),
    };
  }

  /** Replies to the reader's messages are for the reader. */
  #noteOwnMessages(): void {
    const viewerId = this.#viewer?.id;
    const messages = this.deps.feed.getSnapshot().room?.messages ?? [];
    for (const { author, id } of messages) if (author.id === viewerId) this.#mine.add(id);
    dropOldest(this.#mine, OWN_IDS_MAX);
  }

  /** Hides left-out messages, except those that the reader opened. */
  #shownRule(): (message: Message) => boolean {
    if (this.#readingPace === "all") return () => true;
    let isOpened = false;
    return (message) => {
      if (!this.#leftOut.has(message.id)) {
        isOpened = this.#opened.has(message.seq);
        return true;
      }
      return isOpened;
    };
  }

  readonly #nicknames = () => recentNicknames(this.deps.feed.getSnapshot().room?.messages ?? []);

  /** Whether a message mentions the reader or replies to them. */
  isForMe(message: Message): boolean {
    const known = this.#forMe.get(message);
    if (known !== undefined) return known;
    const viewer = this.#viewer;
    const isForMe =
      viewer !== null &&
      message.author.id !== viewer.id &&
      !this.deps.ignored.has(message.author.id) &&
      (safelyMentions(message.text, viewer.nickname, this.#nicknames) ||
        (message.reply_to !== null && this.#mine.has(message.reply_to)));
    this.#forMe.set(message, isForMe);
    return isForMe;
  }
}

/** A text that cannot be parsed mentions nobody: it must not break the list. */
function safelyMentions(text: string, nickname: string, others: () => Iterable<string>): boolean {
  try {
    return mentions(text, nickname, others);
  } catch (error) {
    console.error(error);
    return false;
  }
}

function seqOfLast(posts: readonly Post[]): RoomScreen["lastPost"] {
  const last = posts.at(-1);
  return last === undefined ? null : { seq: last.status === "sent" ? last.message.seq : null };
}
