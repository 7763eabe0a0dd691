/** One room's live state: newest page, then the stream from its cursor, kept alive whatever happens in between.
 *
 *   connecting ──page──▶ catching-up ──stream.opened──▶ live
 *       ▲                     ▲                           │ closed, or 40 s of silence
 *       │ stream.gap, or      │ wait is over              ▼
 *       └─ > 500 behind ──────┴──────────────────── reconnecting (full jitter, ≤ 30 s)
 *
 * A refused page is `throttled` until the server's own time; a room that is not there is `failed`.
 */
import type { ChatApi, PagePlace } from "@/lib/api/chat-api";
import { Problem, unreachable } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import type { MessagePage, RoomEvent } from "@/lib/contract/types";
import { Listeners } from "@/lib/listeners";
import type { OpenStream, StreamListener } from "@/lib/stream/room-stream";
import { backoffMs } from "./backoff";
import {
  appendPage,
  applyEvent,
  fromSnapshot,
  KEEP_NEWEST,
  prependPage,
  showAround,
  withNewHead,
  type Keep,
  type RoomState,
} from "./room-state";

export const SILENCE_MS = 40_000; // the server pings every 15 s: one may be lost
export const REPLAY_MAX_EVENTS = 500; // further behind than this, a fresh page is calmer than a replay
const STALE_AFTER_MS = 5_000; // away for longer, ask how far behind we are before resuming
const GAP_CALM_MS = 10_000;
const RECENT_EVENTS = 512;

export type Connection =
  | { readonly status: "connecting" | "catching-up" | "live" }
  | { readonly status: "reconnecting"; readonly retryAtMs: number }
  | { readonly status: "throttled"; readonly retryAtMs: number }
  | { readonly status: "failed"; readonly problem: Problem };

export type Older =
  { readonly status: "idle" | "loading" } | { readonly status: "throttled"; readonly retryAtMs: number };

/** What was missed while nothing could be replayed; shown until dismissed. */
export interface Away {
  /** The last seq seen before. */
  readonly fromSeq: number;
  readonly messages: number;
}

export interface FeedState {
  readonly connection: Connection;
  /** Null until the first page is here. */
  readonly room: RoomState | null;
  readonly older: Older;
  readonly away: Away | null;
}

export interface FeedParts {
  readonly roomId: string;
  readonly api: Pick<ChatApi, "page" | "room">;
  readonly openStream: OpenStream;
  readonly clock: Clock;
  readonly random: () => number;
}

export class RoomFeed {
  #state: FeedState = {
    connection: { status: "connecting" },
    room: null,
    older: { status: "idle" },
    away: null,
  };
  #keep: Keep = KEEP_NEWEST;
  #isOpen = false;
  #history = 0; // which history call is the latest
  #run = 0; // what was asked for before a reopening is answered too late
  #attempt = 0;
  #lostAtMs: number | null = null;
  #lastGapMs = -Infinity;
  #recent: RoomEvent[] = [];
  #closeStream = () => {};
  #cancelWait = () => {};
  #cancelSilence = () => {};
  #cancelOlder = () => {};
  readonly #listeners = new Listeners(
    () => this.#open(),
    () => this.#close(),
  );
  readonly #eventListeners = new Set<(event: RoomEvent) => void>();

  constructor(private readonly parts: FeedParts) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** The same object until something changed. */
  getSnapshot = (): FeedState => this.#state;

  /** Hear each event that is new, as it is applied. */
  onEvent(listener: (event: RoomEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  /** Which messages trimming must leave alone from now on. */
  keep(keep: Keep): void {
    this.#keep = keep;
  }

  /** Fetch the page before the first message. Refused: waits as told and tries again by itself. */
  loadOlder = async (): Promise<void> => {
    const room = this.#state.room;
    if (room === null || !room.hasOlder || this.#state.older.status === "loading") return;
    const first = room.messages[0]?.seq;
    const place = first === undefined ? {} : { before_seq: first };
    await this.#loadHistory(place, (page, now) => prependPage(now, page, this.#recent, this.#keep));
  };

  /** Fetch the page after the last message, when the newest ones were left out. */
  loadNewer = async (): Promise<void> => {
    const last = this.#state.room?.messages.at(-1);
    if (last === undefined || this.#state.room?.isCutOff !== true || this.#state.older.status === "loading")
      return;
    await this.#loadHistory({ after_seq: last.seq }, (page, now) =>
      appendPage(now, page, this.#recent, this.#keep),
    );
  };

  /** Show the page around a message instead of the newest; the stream goes on, and `reload` leads back. */
  loadAround = async (seq: number): Promise<void> => {
    await this.#loadHistory({ around_seq: seq }, (page, now) => showAround(now, page, this.#recent));
  };

  async #loadHistory(
    place: PagePlace,
    merge: (page: MessagePage, now: RoomState) => RoomState,
  ): Promise<void> {
    this.#cancelOlder();
    const history = (this.#history += 1);
    const isPassed = () => history !== this.#history || this.#state.room === null;
    this.#set({ older: { status: "loading" } });
    try {
      const page = await this.parts.api.page(this.parts.roomId, place);
      const now = this.#state.room;
      if (now !== null && !isPassed()) this.#set({ room: merge(page, now), older: { status: "idle" } });
    } catch (error) {
      if (isPassed()) return;
      const waitMs = waitOf(asProblem(error)) ?? backoffMs(3, this.parts.random);
      this.#set({ older: { status: "throttled", retryAtMs: this.parts.clock.now() + waitMs } });
      this.#cancelOlder = this.parts.clock.after(waitMs, () => void this.#loadHistory(place, merge));
    }
  }

  /** Start again from the newest page, e.g. after the reader was far up. */
  reload = (): void => {
    if (this.#isOpen) void this.#startFresh();
  };

  /** Do not wait any longer: the network came back, or somebody asked. */
  retryNow = (): void => {
    const { status } = this.#state.connection;
    if (!this.#isOpen || status === "live" || status === "catching-up") return;
    this.#attempt = 0;
    this.#cancelWait();
    void this.#resume();
  };

  dismissAway = (): void => this.#set({ away: null });

  #open(): void {
    this.#isOpen = true;
    this.#attempt = 0;
    void this.#resume();
  }

  #close(): void {
    this.#isOpen = false;
    this.#stop();
    this.#cancelOlder();
    this.#lostAtMs ??= this.parts.clock.now();
    this.#state = { ...this.#state, connection: { status: "connecting" }, older: { status: "idle" } };
  }

  #stop(): void {
    this.#run += 1;
    this.#closeStream();
    this.#cancelWait();
    this.#cancelSilence();
    this.#closeStream = () => {};
  }

  /** Go on from where we are if that is near enough, else from a new page. */
  async #resume(): Promise<void> {
    const room = this.#state.room;
    const { clock, api, roomId } = this.parts;
    if (room === null || room.isCutOff) return this.#startFresh();
    const isStale = this.#lostAtMs !== null && clock.now() - this.#lostAtMs > STALE_AFTER_MS;
    if (this.#attempt > 0 || isStale) {
      const run = this.#run;
      try {
        const head = await api.room(roomId);
        if (run !== this.#run || !this.#isOpen) return;
        if (head.last_seq - room.seq > REPLAY_MAX_EVENTS || head.last_seq < room.seq)
          return void (await this.#startFresh());
      } catch (error) {
        if (run !== this.#run || !this.#isOpen) return;
        const problem = asProblem(error);
        // Refused because the room is hot: the stream is not refused, so it may go on all the same.
        if (problem.status !== 429) return void this.#refused(problem);
      }
    }
    this.#openStream(room.seq);
  }

  async #startFresh(): Promise<void> {
    this.#stop();
    const run = this.#run;
    const isFirst = this.#state.room === null;
    this.#set({ connection: { status: isFirst ? "connecting" : "catching-up" } });
    try {
      const { api, roomId } = this.parts;
      const [page, room] = await Promise.all([api.page(roomId), api.room(roomId)]);
      if (run !== this.#run || !this.#isOpen) return;
      this.#recent = [];
      this.#history += 1;
      this.#cancelOlder();
      const before = this.#state.room;
      const fresh = fromSnapshot(page, room);
      this.#set({
        room: before !== null && isReadFarUp(before, this.#keep) ? withNewHead(before, fresh) : fresh,
        older: { status: "idle" },
        away: awayBetween(before, fresh) ?? this.#state.away,
      });
      this.#openStream(page.cursor);
    } catch (error) {
      if (run === this.#run && this.#isOpen) this.#refused(asProblem(error));
    }
  }

  #openStream(cursor: number): void {
    this.#stop();
    const run = this.#run;
    this.#set({ connection: { status: "catching-up" } });
    const current = <Args extends unknown[]>(call: (...args: Args) => void) => {
      return (...args: Args) => {
        if (run !== this.#run) return;
        this.#listenForSilence();
        call(...args);
      };
    };
    const listener: StreamListener = {
      opened: current((opened) => {
        this.#attempt = 0;
        this.#lostAtMs = null;
        const room = this.#state.room;
        this.#set({ connection: { status: "live" }, room: room && { ...room, heat: opened.heat } });
      }),
      event: current((event) => this.#apply(event)),
      gap: current(() => void this.#afterGap()),
      ping: current(() => undefined),
      closed: current((polite) => this.#lost(polite)),
    };
    this.#listenForSilence();
    this.#closeStream = this.parts.openStream(this.parts.roomId, cursor, listener);
  }

  #apply(event: RoomEvent): void {
    const room = this.#state.room;
    if (room === null) return;
    const next = applyEvent(room, event, this.parts.clock.now(), this.#keep);
    if (next === room) return;
    this.#recent.push(event);
    if (this.#recent.length > 2 * RECENT_EVENTS) this.#recent = this.#recent.slice(-RECENT_EVENTS);
    this.#set({ room: next });
    for (const listener of this.#eventListeners) tell(listener, event);
  }

  /** The pages may have holes now. A gap right after a gap waits, so that a confused server is not hammered. */
  async #afterGap(): Promise<void> {
    const now = this.parts.clock.now();
    const isFirst = now - this.#lastGapMs > GAP_CALM_MS;
    this.#lastGapMs = now;
    if (isFirst) return this.#startFresh();
    this.#waitThen(backoffMs(3, this.parts.random), () => void this.#startFresh());
  }

  #listenForSilence(): void {
    this.#cancelSilence();
    this.#cancelSilence = this.parts.clock.after(SILENCE_MS, () => this.#lost(false));
  }

  #lost(polite: boolean): void {
    this.#lostAtMs ??= this.parts.clock.now();
    const waitMs = backoffMs(this.#attempt, this.parts.random);
    if (!polite) this.#attempt += 1;
    this.#waitThen(waitMs, () => void this.#resume());
  }

  #refused(problem: Problem): void {
    if (!problem.isPassing) {
      this.#stop();
      this.#set({ connection: { status: "failed", problem } });
      return;
    }
    const waitMs = Math.max(waitOf(problem) ?? 0, backoffMs(this.#attempt, this.parts.random));
    this.#attempt += 1;
    this.#waitThen(waitMs, () => void this.#resume(), problem.status === 429 ? "throttled" : "reconnecting");
  }

  #waitThen(waitMs: number, call: () => void, status: "reconnecting" | "throttled" = "reconnecting"): void {
    this.#stop();
    this.#set({ connection: { status, retryAtMs: this.parts.clock.now() + waitMs } });
    this.#cancelWait = this.parts.clock.after(waitMs, call);
  }

  #set(change: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}

/** Whoever listens fails alone: the room goes on. */
function tell(listener: (event: RoomEvent) => void, event: RoomEvent): void {
  try {
    listener(event);
  } catch (error) {
    console.error(error);
  }
}

function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : unreachable();
}

function waitOf(problem: Problem): number | null {
  return problem.isPassing ? problem.retryAfterMs : null;
}

const isReadFarUp = (room: RoomState, keep: Keep) => keep.keepFromSeq <= (room.messages.at(-1)?.seq ?? -1);

/** What a fresh page jumped over: null when it joins the old one. */
function awayBetween(before: RoomState | null, fresh: RoomState): Away | null {
  if (before === null) return null;
  const messages = fresh.messageCount - before.messageCount;
  const isJoined = (fresh.messages[0]?.seq ?? 0) <= before.seq;
  return messages > 0 && !isJoined && !before.isCutOff ? { fromSeq: before.seq, messages } : null;
}
