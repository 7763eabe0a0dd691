/** What of a room is on screen, and when it may change. The feed takes events at once; this commits them at a pace a
 * person can follow, stands still when somebody looks closer, and counts what it holds back. Knows nothing of React. */
import type { Clock } from "@/lib/clock";
import type { Author, Message, RoomEvent } from "@/lib/contract/types";
import type { FeedState, RoomFeed } from "@/lib/feed/room-feed";
import { HIDDEN_STORE_MESSAGES, KEEP_NEWEST, STORE_MESSAGES } from "@/lib/feed/room-state";
import { Listeners } from "@/lib/listeners";
import type { Outbox, OutboxState, Post } from "@/lib/outbox/outbox";
import { Absence, type AwayNotice } from "./away-summary";
import { commitDelayMs, RateMeter } from "./commit-pace";
import { MOVING, nextFreeze, type Freeze, type FreezeEvent } from "./list-pause";
import { mentions } from "@/lib/text/words";
import type { Held, Seen } from "./unread-while-paused";
import { buildRows, postsNotShown, type Row } from "./rows";
import { admit, NO_CROWD, ROWS_PER_S } from "./sampling";

const SETTLE_MS = 1_000; // after the last event the pace on screen goes down by itself
const LEFT_OUT_MAX = 3 * STORE_MESSAGES; // overflow rule: forgotten when their messages have left the store
const SLOWED_ROWS_PER_S = 3;

export type Reading = "calm" | "all";

export interface RoomScreen {
  readonly feed: FeedState;
  readonly rows: readonly Row[];
  readonly isFrozen: boolean;
  /** What came since the list stands still. */
  readonly held: Held;
  readonly away: AwayNotice | null;
  readonly messagesPerS: number;
  readonly isSlowed: boolean;
  /** Where the list is to go: a message somebody asked for. A new object each time. */
  readonly target: { readonly seq: number } | null;
  /** The newest messages were left out, and those after the last row can be fetched. */
  readonly canLoadNewer: boolean;
  /** The newest of my posts stands below what is seen; its seq once the server has it. */
  readonly lastPost: { readonly seq: number | null } | null;
}

export interface ViewParts {
  readonly feed: RoomFeed;
  readonly outbox: Outbox;
  readonly clock: Clock;
  /** Call with the next frame; the answer cancels it. */
  readonly nextFrame: (call: () => void) => () => void;
  readonly startOfDay: (timeMs: number) => number;
  readonly roomId: string;
  /** Look up messages that may mention a nickname, newest first; for those whose events were never heard. */
  readonly findMentions: (nickname: string) => Promise<readonly Message[]>;
  readonly random: () => number;
}

export class RoomView {
  #viewer: Author | null = null;
  #reading: Reading = "calm";
  #freeze: Freeze = MOVING;
  #horizonSeq = Number.MAX_SAFE_INTEGER;
  #committed: Seen = { seq: 0, messageCount: 0 };
  #committedAtMs = -Infinity;
  #feedAway: FeedState["away"] = null;
  #isSlowed = false;
  #crowd = NO_CROWD;
  #leftOut = new Set<string>();
  #opened = new Set<number>();
  #mine = new Set<string>();
  #forMe = new WeakMap<Message, boolean>();
  #firstVisibleSeq: number | null = null;
  #target: { seq: number } | null = null;
  #cancelCommit: (() => void) | null = null;
  #cancelSettle: () => void = () => undefined;
  #lastConnection: string = "";
  #stop: readonly (() => void)[] = [];
  #screen: RoomScreen;
  readonly #absence: Absence;
  readonly #meter = new RateMeter();
  readonly #listeners = new Listeners(
    () => this.#start(),
    () => this.#end(),
  );

  constructor(private readonly parts: ViewParts) {
    this.#absence = new Absence({
      clock: parts.clock,
      random: parts.random,
      findMentions: async () => (this.#viewer === null ? [] : parts.findMentions(this.#viewer.nickname)),
      isForMe: (message) => this.isForMe(message),
      changed: () => this.#commitSoon(),
    });
    this.#screen = this.#compose();
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** The same object until the next commit. */
  getSnapshot = (): RoomScreen => this.#screen;

  setViewer(viewer: Author | null): void {
    if (viewer?.id === this.#viewer?.id) return;
    this.#viewer = viewer;
    this.#forMe = new WeakMap();
    this.#commitSoon();
  }

  setReading(reading: Reading): void {
    this.#reading = reading;
    this.#commitSoon();
  }

  /** The page cannot keep up with its frames, or can again. */
  setSlowed(isSlowed: boolean): void {
    this.#isSlowed = isSlowed;
    this.#commitSoon();
  }

  /** The first row in view, so that trimming leaves it alone. */
  setFirstVisible(seq: number | null): void {
    this.#firstVisibleSeq = seq;
    this.#setKeep();
  }

  freeze = (event: FreezeEvent): void => {
    const wasFrozen = this.#freeze.size > 0;
    this.#freeze = nextFreeze(this.#freeze, event);
    const isFrozen = this.#freeze.size > 0;
    if (wasFrozen === isFrozen) return;
    const { room } = this.parts.feed.getSnapshot();
    if (isFrozen) this.#absence.standStill(this.#committed);
    else this.#absence.moveOn();
    this.#horizonSeq = isFrozen ? this.#committed.seq : Number.MAX_SAFE_INTEGER;
    if (!isFrozen) {
      this.#target = null;
      for (const { id } of room?.pinned ?? []) this.#leftOut.delete(id);
    }
    this.#setKeep();
    if (!isFrozen && (room?.isCutOff === true || room?.isStale === true)) this.parts.feed.reload();
    this.#commit();
  };

  /** Show what was left out after that message. */
  open = (afterSeq: number): void => {
    this.#opened.add(afterSeq);
    this.#commit();
  };

  /** Go to a message, wherever in the room's history it is. */
  jumpTo = async (seq: number): Promise<void> => {
    this.freeze({ type: "began", reason: "history" });
    this.#horizonSeq = Math.max(this.#horizonSeq, seq);
    if (this.#find(seq) === undefined) await this.parts.feed.loadAround(seq);
    const found = this.#find(seq);
    if (found !== undefined) this.#leftOut.delete(found.id);
    this.#target = { seq: found?.seq ?? seq };
    this.#commit();
  };

  #find(seq: number): Message | undefined {
    return this.parts.feed.getSnapshot().room?.messages.find((message) => message.seq === seq);
  }

  dismissAway = (): void => {
    this.#absence.dismiss();
    this.parts.feed.dismissAway();
    this.#commitSoon();
  };

  /** A hidden tab paints nothing, keeps less, and still counts what is for its reader. */
  setHidden(isHidden: boolean): void {
    if (isHidden === this.#absence.isHidden) return;
    if (isHidden) this.#absence.hide(this.#committed);
    else this.#absence.show(this.parts.feed.getSnapshot().room);
    this.#setKeep();
    this.#commit();
  }

  #start(): void {
    const { feed, outbox } = this.parts;
    this.#stop = [
      feed.onEvent((event) => this.#take(event)),
      feed.subscribe(() => this.#feedChanged()),
      outbox.subscribe(() => this.#commitSoon()),
    ];
    this.#commitSoon();
  }

  #end(): void {
    for (const stop of this.#stop) stop();
    this.#cancelCommit?.();
    this.#cancelCommit = null;
    this.#cancelSettle();
    this.#absence.stop();
  }

  #take(event: RoomEvent): void {
    // A message pinned now gets its row, but not while the list stands still: it would move what is in view.
    if (event.type === "message.pinned" && this.#freeze.size === 0) this.#leftOut.delete(event.message.id);
    if (event.type !== "message.created") return;
    const { message } = event;
    const isMine = this.#viewer !== null && message.author.id === this.#viewer.id;
    if (isMine) this.#mine.add(message.id);
    const isForMe = this.isForMe(message);
    const isOwner = message.author.id === this.parts.feed.getSnapshot().room?.ownerId;
    const rowsPerS = this.#isSlowed ? SLOWED_ROWS_PER_S : ROWS_PER_S;
    const { crowd, shown } = admit(this.#crowd, message, isMine || isForMe || isOwner, rowsPerS);
    this.#crowd = crowd;
    if (!shown) this.#leftOut.add(message.id);
    this.#meter.add(this.parts.clock.now());
    this.#absence.take(message, isMine, isForMe);
  }

  #feedChanged(): void {
    const { connection, room, away } = this.parts.feed.getSnapshot();
    if (away !== this.#feedAway) {
      this.#feedAway = away;
      if (away !== null && room !== null) this.#absence.jumpedOver(away, room);
    }
    const isNewStatus = connection.status !== this.#lastConnection;
    this.#lastConnection = connection.status;
    if (room !== null && this.#leftOut.size > LEFT_OUT_MAX) {
      this.#leftOut = new Set(room.messages.map(({ id }) => id).filter((id) => this.#leftOut.has(id)));
    }
    this.#commitSoon(isNewStatus);
  }

  #setKeep(): void {
    const capacity = this.#absence.isHidden ? HIDDEN_STORE_MESSAGES : STORE_MESSAGES;
    const isMoving = this.#freeze.size === 0;
    const keepFromSeq = isMoving ? KEEP_NEWEST.keepFromSeq : (this.#firstVisibleSeq ?? 0);
    this.parts.feed.keep({ capacity, keepFromSeq });
  }

  #commitSoon(isUrgent = true): void {
    if (this.#cancelCommit !== null && !isUrgent) return;
    this.#cancelCommit?.();
    const { clock, nextFrame } = this.parts;
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
    if (this.#absence.isHidden) return;
    this.#committedAtMs = this.parts.clock.now();
    if (this.#freeze.size === 0) {
      const { room } = this.parts.feed.getSnapshot();
      this.#committed = { seq: room?.seq ?? 0, messageCount: room?.messageCount ?? 0 };
    }
    this.#screen = this.#compose();
    this.#cancelSettle();
    if (this.#screen.messagesPerS > 0) {
      this.#cancelSettle = this.parts.clock.after(SETTLE_MS, () => this.#commitSoon(false));
    }
    this.#listeners.notify();
  }

  #compose(): RoomScreen {
    const feed = this.parts.feed.getSnapshot();
    const outbox: OutboxState = this.parts.outbox.getSnapshot();
    const { clientIdOf } = this.parts.outbox;
    const room = feed.room;
    const all = room?.messages ?? [];
    for (const message of all) if (message.author.id === this.#viewer?.id) this.#mine.add(message.id);
    const messages = all.filter(({ seq }) => seq <= this.#horizonSeq);
    const roomPosts = outbox.posts.filter((post) => post.roomId === this.parts.roomId);
    const posts = postsNotShown(roomPosts, messages, this.#viewer?.id ?? null, clientIdOf);
    const rows = buildRows({
      messages,
      hasOlder: room?.hasOlder ?? true,
      isShown: this.#shownRule(),
      isForMe: (message) => this.isForMe(message),
      pinned: room?.pinned ?? [],
      myId: this.#viewer?.id ?? null,
      myNickname: this.#viewer?.nickname ?? "",
      clientIdOf,
      posts,
      startOfDay: this.parts.startOfDay,
    });
    const now = this.parts.clock.now();
    return {
      feed,
      rows,
      isFrozen: this.#freeze.size > 0,
      held: this.#absence.below(room),
      away: this.#absence.notice,
      messagesPerS: this.#meter.perS(now),
      isSlowed: this.#isSlowed,
      target: this.#target,
      canLoadNewer: room?.isCutOff === true && (messages.at(-1)?.seq ?? 0) < this.#horizonSeq,
      lastPost: seqOfLast(posts),
    };
  }

  /** Left out, unless what follows the last shown message was opened. */
  #shownRule(): (message: Message) => boolean {
    if (this.#reading === "all") return () => true;
    let isOpened = false;
    return (message) => {
      if (!this.#leftOut.has(message.id)) {
        isOpened = this.#opened.has(message.seq);
        return true;
      }
      return isOpened;
    };
  }

  /** Mentions me, or answers me. */
  isForMe(message: Message): boolean {
    const known = this.#forMe.get(message);
    if (known !== undefined) return known;
    const viewer = this.#viewer;
    const isForMe =
      viewer !== null &&
      message.author.id !== viewer.id &&
      (calls(message.text, viewer.nickname) ||
        (message.reply_to !== null && this.#mine.has(message.reply_to)));
    this.#forMe.set(message, isForMe);
    return isForMe;
  }
}

/** A text that cannot be read calls nobody: it must not take the list with it. */
function calls(text: string, nickname: string): boolean {
  try {
    return mentions(text, nickname);
  } catch (error) {
    console.error(error);
    return false;
  }
}

function seqOfLast(posts: readonly Post[]): RoomScreen["lastPost"] {
  const last = posts.at(-1);
  return last === undefined ? null : { seq: last.status === "sent" ? last.message.seq : null };
}
