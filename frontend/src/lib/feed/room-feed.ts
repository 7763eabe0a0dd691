/** The live state of one room: the latest page, then the stream from its cursor, reconnecting after any failure.
 *
 *   connecting ──page──▶ catching-up ──stream.opened──▶ live
 *       ▲                     ▲                           │ closed, or 40 s of silence
 *       │ stream.gap, or      │ wait has ended            ▼
 *       └─ > 500 behind ──────┴──────────────────── reconnecting (full jitter, ≤ 30 s)
 *
 * A throttled page (429) is fetched again after the server's Retry-After; a room that does not exist, or does not exist
 * for this reader any more, is `failed`, and nothing of it stays in the state. Each stream of a private room gets a ticket.
 * A stream of the calm lane skips runs of a busy room's events; `openSkipped` fetches their messages.
 * Where fetches work and streams do not, the feed is `polling`: a proxy holds the stream back or refuses it, or the browser
 * has no connection left for it. While polling, the feed tries a stream from time to time. On a full server it is `waiting`
 * in line: it polls slowly until its turn comes.
 */
import type { ChatApi, PagePlace } from "@/lib/api/chat-api";
import { Problem, unreachable } from "@/lib/api/problem";
import { callSafely } from "@/lib/call-safely";
import type { Clock } from "@/lib/clock";
import type {
  EventsPage,
  Message,
  MessagePage,
  RoomEvent,
  StreamPlace,
  StreamSkipped,
} from "@/lib/contract/types";
import { Listeners } from "@/lib/listeners";
import { openWhenReady } from "@/lib/stream/open-when-ready";
import type { Lane, OpenStream, StreamListener, StreamTicket } from "@/lib/stream/room-stream";
import { backoffMs } from "./backoff";
import { applySkipped, fillRun, refreshed, withPosted } from "./calm-room-state";
import { POLL_MAX_MS, POLL_MIN_MS, pollEvents } from "./event-polling";
import {
  appendPage,
  applyEvent,
  changeMessages,
  fromSnapshot,
  KEEP_NEWEST,
  prependPage,
  showAround,
  withNewHead,
  type Keep,
  type RoomState,
} from "./room-state";
import { isLeftOut, type SkippedRun } from "./skipped-runs";
import type { StreamQueue } from "./stream-queue";
import { tryStreams } from "./stream-trials";

export const SILENCE_MS = 40_000; // the server pings every 15 s; one ping may be lost
export const QUIET_MS = 17_000; // without a ping; then a fetch checks whether events are held back
const QUIET_CHECK_MS = 4_600;
const QUIET_CHECKS_MAX = (SILENCE_MS - QUIET_MS) / QUIET_CHECK_MS;
export const OPENS_WITHIN_MS = 10_000;
export const FAILED_STREAMS_MAX = 4; // in a row; then events are polled
export const ROOM_EVERY_MS = 10_000; // while events are polled
const LATE_EVENT_MS = 1_000; // an event may be on its way to the stream when a fetch brings it
const TRIAL_WAIT_MS = 30_000; // the first trial of a stream starts at once; the wait doubles after each failed one
const TRIAL_WAIT_MAX_MS = 120_000;
export const REPLAY_MAX_EVENTS = 500; // further behind, a fresh page costs less than a replay
const STALE_AFTER_MS = 5_000; // after a longer absence, check how far behind we are before resuming
const GAP_CALM_MS = 10_000;
const RECENT_EVENTS = 512;
export const RUN_PAGES_MAX = 4; // for one request of the reader; what is left of a longer run opens with the next one
const POSTED_MAX = 200; // overflow rule OLDEST: the message is then one of those that the lane has skipped

export type Connection =
  | { readonly status: "connecting" | "catching-up" | "live" | "polling" }
  | { readonly status: "reconnecting"; readonly retryAtMs: number }
  | { readonly status: "throttled"; readonly retryAtMs: number }
  | { readonly status: "waiting"; readonly position: number; readonly estimateS: number }
  | { readonly status: "failed"; readonly problem: Problem };

export type Older =
  { readonly status: "idle" | "loading" } | { readonly status: "throttled"; readonly retryAtMs: number };

/** Messages that a fresh page skipped; shown until dismissed. */
export interface SkippedMessages {
  /** The last seq before the skipped messages. */
  readonly fromSeq: number;
  readonly messages: number;
}

export interface FeedState {
  readonly connection: Connection;
  /** Null until the first page has loaded. */
  readonly room: RoomState | null;
  readonly older: Older;
  readonly skipped: SkippedMessages | null;
}

/** Why the room is not streamed: streams open and then stay silent, do not open in time, close at once, or all are taken. */
type StreamTrouble = "held-back" | "not-opened" | "closed" | "full";

interface InLine {
  readonly queue: Pick<StreamQueue, "wait">;
  readonly standing: StreamPlace;
}

export interface FeedDependencies {
  readonly roomId: string;
  readonly api: Pick<ChatApi, "page" | "room" | "events">;
  readonly openStream: OpenStream;
  /** Get a ticket for the stream of a private room. */
  readonly streamTicket: () => Promise<StreamTicket>;
  readonly clock: Clock;
  readonly random: () => number;
  /** Load the code that waits in line for a stream of a full server. */
  readonly streamQueue?: () => Promise<Pick<StreamQueue, "ask" | "wait">>;
  /** Whether the reader may see the room. */
  readonly isVisible?: () => boolean;
}

export class RoomFeed {
  #state: FeedState = {
    connection: { status: "connecting" },
    room: null,
    older: { status: "idle" },
    skipped: null,
  };
  #keep: Keep = KEEP_NEWEST;
  #isOpen = false;
  #history = 0; // number of the latest history request; older responses are ignored
  #run = 0; // number of the current connection; callbacks of earlier ones are ignored
  #attempt = 0;
  #streamTrouble: StreamTrouble | null = null;
  #failedStreams = 0; // in a row
  #failedTrials = 0;
  #inLine: InLine | null = null;
  /** For the next stream. */
  #place: string | undefined;
  #callbacks = 0; // of all streams
  #lostAtMs: number | null = null;
  #lastGapMs = -Infinity;
  #recent: RoomEvent[] = [];
  #lane: Lane = "full";
  #isStreaming = false;
  /** Messages that the reader has posted and the state has not reached. */
  #posted: readonly Message[] = [];
  #closeStream = () => {};
  #cancelWait = () => {};
  #cancelSilence = () => {};
  #cancelOlder = () => {};
  #retryHistory = () => {};
  readonly #listeners = new Listeners(
    () => this.#open(),
    () => this.#close(),
  );
  readonly #eventListeners = new Set<(event: RoomEvent) => void>();
  readonly #skippedListeners = new Set<(run: StreamSkipped) => void>();

  constructor(private readonly deps: FeedDependencies) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** The same object until the state changes. */
  getSnapshot = (): FeedState => this.#state;

  /** Call `listener` for each new event as it is applied. */
  onEvent(listener: (event: RoomEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  /** Call `listener` for each run that the calm lane skips. */
  onSkipped(listener: (run: StreamSkipped) => void): () => void {
    this.#skippedListeners.add(listener);
    return () => this.#skippedListeners.delete(listener);
  }

  /** Follow the room in this lane from now on. An open stream is replaced by one that continues at its end. */
  setLane = (lane: Lane): void => {
    if (lane === this.#lane) return;
    this.#lane = lane;
    if (this.#isStreaming && this.#state.room !== null) this.#openStream(this.#state.room.seq);
  };

  /** The server has stored a message of the reader. It is shown even if the calm lane skips its event. */
  showPosted = (message: Message): void => {
    this.#posted = [...this.#posted, message].slice(-POSTED_MAX);
    this.#placePosted();
  };

  /** The server has answered an edit or a reaction of the reader. The calm lane leaves out such events of the messages that it
   * leaves out, and sends them for all others. */
  showOwnChange = (messageId: string, change: RoomEvent): void => {
    const { room } = this.#state;
    const isLacking = ({ id, calm, deleted }: Message) => id === messageId && calm === false && !deleted;
    if (room === null || this.#lane === "full" || !room.messages.some(isLacking)) return;
    this.#set({ room: { ...room, messages: changeMessages(room.messages, change) } });
  };

  /** Load the messages from a seq on again, one page of them, for changes that the calm lane has left out. */
  refreshFrom = async (seq: number): Promise<void> => {
    try {
      const page = await this.deps.api.page(this.deps.roomId, { after_seq: seq - 1 });
      const { room } = this.#state;
      if (room !== null) this.#set({ room: refreshed(room, page, this.#recent) });
    } catch {
      // The next one may succeed.
    }
  };

  /** Fetch what the calm lane has skipped between two seqs. Rejects with a Problem if the server refuses. */
  openSkipped = async (fromSeq: number, beforeSeq: number): Promise<void> => {
    const nextRun = () =>
      this.#state.room?.skippedRuns.find((run) => run.fromSeq >= fromSeq && run.fromSeq < beforeSeq);
    let before: SkippedRun | undefined;
    for (let pages = 0; pages < RUN_PAGES_MAX; pages += 1) {
      const run = nextRun();
      if (run === undefined || run.fromSeq === before?.fromSeq) return;
      const page = await this.deps.api.page(this.deps.roomId, { after_seq: run.fromSeq });
      const { room } = this.#state;
      if (room === null) return;
      this.#set({ room: fillRun(room, run, page, this.#recent, this.#keep) });
      before = run;
    }
  };

  /** Set which messages trimming must keep from now on. */
  keep(keep: Keep): void {
    this.#keep = keep;
  }

  /** Fetch the page before the first message. A refused fetch is retried after the server's wait. */
  loadOlder = async (): Promise<void> => {
    const room = this.#state.room;
    if (room === null || !room.hasOlder || this.#state.older.status === "loading") return;
    const first = room.messages[0]?.seq;
    const place = first === undefined ? {} : { before_seq: first };
    await this.#loadHistory(place, (page, now) => prependPage(now, page, this.#recent, this.#keep));
  };

  /** Fetch the page after the last message while the store lacks the newest ones. */
  loadNewer = async (): Promise<void> => {
    const last = this.#state.room?.messages.at(-1);
    if (last === undefined || this.#state.room?.isCutOff !== true || this.#state.older.status === "loading")
      return;
    await this.#loadHistory({ after_seq: last.seq }, (page, now) =>
      appendPage(now, page, this.#recent, this.#keep),
    );
  };

  /** Show the page around a message instead of the latest page. The stream continues; `reload` returns to the latest. */
  loadAround = async (seq: number): Promise<void> => {
    await this.#loadHistory({ around_seq: seq }, (page, now) => showAround(now, page, this.#recent));
  };

  async #loadHistory(
    place: PagePlace,
    merge: (page: MessagePage, now: RoomState) => RoomState,
  ): Promise<void> {
    this.#dropHistory();
    const history = this.#history;
    const isSuperseded = () => history !== this.#history || this.#state.room === null;
    this.#set({ older: { status: "loading" } });
    try {
      const page = await this.deps.api.page(this.deps.roomId, place);
      const now = this.#state.room;
      if (now !== null && !isSuperseded()) this.#set({ room: merge(page, now), older: { status: "idle" } });
    } catch (error) {
      if (isSuperseded()) return;
      const waitMs = waitOf(asProblem(error)) ?? backoffMs(3, this.deps.random);
      this.#set({ older: { status: "throttled", retryAtMs: this.deps.clock.now() + waitMs } });
      this.#retryHistory = () => void this.#loadHistory(place, merge);
      this.#cancelOlder = this.deps.clock.after(waitMs, this.#retryHistory);
    }
  }

  /** The reader is back at the newest messages: a page of history that is still loading must not move the list. */
  leaveHistory = (): void => {
    this.#dropHistory();
    const { status } = this.#state.older;
    if (status === "loading" || status === "throttled") this.#set({ older: { status: "idle" } });
  };

  /** Ignore a page of history that is still loading, and cancel its retry. */
  #dropHistory(): void {
    this.#cancelOlder();
    this.#history += 1;
  }

  /** Start over from the latest page, for example when the reader was far up. */
  reload = (): void => {
    if (this.#isOpen) void this.#startFresh();
  };

  /** Stop waiting and reconnect: the network is back, or the reader asked for it. */
  retryNow = (): void => {
    if (this.#state.older.status === "throttled") this.#retryHistory();
    const { status } = this.#state.connection;
    if (!this.#isOpen || status === "live" || status === "catching-up") return;
    this.#attempt = Math.min(this.#attempt, 1); // after a failed attempt, it first checks how much it has missed
    this.#failedTrials = 0;
    this.#cancelWait();
    if (this.#streamTrouble !== null && this.#state.room !== null) this.#poll(this.#streamTrouble, 0);
    else void this.#resume();
  };

  /** The reader has changed or signed out: fetch a private room again, and forget what the former reader saw. */
  readerChanged = (): void => {
    const { room, connection } = this.#state;
    const { status } = connection;
    const isUndecided = status === "connecting" || status === "failed";
    if (!this.#isOpen || (room?.visibility !== "private" && !(room === null && isUndecided))) return;
    this.#set({ room: null, skipped: null });
    void this.#startFresh();
  };

  dismissSkipped = (): void => this.#set({ skipped: null });

  #open(): void {
    this.#isOpen = true;
    this.#attempt = 0;
    void this.#resume();
  }

  #close(): void {
    this.#isOpen = false;
    this.#stop();
    this.#cancelOlder();
    this.#lostAtMs ??= this.deps.clock.now();
    this.#state = { ...this.#state, connection: { status: "connecting" }, older: { status: "idle" } };
  }

  #stop(): void {
    this.#run += 1;
    this.#isStreaming = false;
    this.#closeStream();
    this.#cancelWait();
    this.#cancelSilence();
    this.#closeStream = () => {};
  }

  /** Resume from the current seq if it is recent enough, else from a fresh page. */
  async #resume(): Promise<void> {
    const room = this.#state.room;
    const { clock, api, roomId } = this.deps;
    if (room === null || room.isCutOff) return this.#startFresh();
    const isStale = this.#lostAtMs !== null && clock.now() - this.#lostAtMs > STALE_AFTER_MS;
    if (this.#attempt > 0 || isStale) {
      const run = this.#run;
      try {
        const head = await api.room(roomId);
        if (run !== this.#run || !this.#isOpen) return;
        if (head.last_seq - room.seq > REPLAY_MAX_EVENTS || head.last_seq < room.seq)
          return void (await this.#startFresh());
        this.#set({ room: { ...room, visibility: head.visibility } }); // a room that turned private needs tickets
      } catch (error) {
        if (run !== this.#run || !this.#isOpen) return;
        const problem = asProblem(error);
        // A hot room has refused the fetch, but heat never refuses a stream: resume anyway.
        if (problem.status !== 429) return void this.#refused(problem);
      }
    }
    if (this.#failedStreams >= FAILED_STREAMS_MAX) this.#streamTrouble ??= "closed";
    this.#follow(room.seq);
  }

  async #startFresh(): Promise<void> {
    this.#stop();
    const run = this.#run;
    const isFirst = this.#state.room === null;
    this.#set({ connection: { status: isFirst ? "connecting" : "catching-up" } });
    try {
      const { api, roomId } = this.deps;
      const page = await api.page(roomId);
      const room = page.room ?? (await api.room(roomId)); // servers before 0.2 send pages without the room
      if (run !== this.#run || !this.#isOpen) return;
      this.#recent = [];
      this.#dropHistory();
      const before = this.#state.room;
      const fresh = fromSnapshot(page, room);
      this.#set({
        room: before !== null && isReadFarUp(before, this.#keep) ? withNewHead(before, fresh) : fresh,
        older: { status: "idle" },
        skipped: skippedBetween(before, fresh) ?? this.#state.skipped,
      });
      this.#follow(page.cursor);
    } catch (error) {
      if (run === this.#run && this.#isOpen) this.#refused(asProblem(error));
    }
  }

  /** Get the events after `cursor`: from a stream, or by polling where streams do not work. */
  #follow(cursor: number): void {
    if (this.#streamTrouble === null) this.#openStream(cursor);
    else this.#poll(this.#streamTrouble);
  }

  #openStream(cursor: number): void {
    this.#stop();
    const run = this.#run;
    this.#isStreaming = true;
    this.#set({ connection: { status: "catching-up" } });
    const current = <Args extends unknown[]>(call: (...args: Args) => void) => {
      return (...args: Args) => {
        if (run !== this.#run) return;
        this.#callbacks += 1;
        this.#restartSilenceTimer(QUIET_MS);
        call(...args);
      };
    };
    const listener: StreamListener = {
      opened: current((opened) => {
        this.#attempt = 0;
        this.#failedStreams = 0;
        this.#lostAtMs = null;
        const room = this.#state.room;
        const name = opened.name ?? room?.name;
        this.#set({
          connection: { status: "live" },
          room: room && { ...room, heat: opened.heat, ...(name !== undefined && { name }) },
        });
      }),
      event: current((event) => this.#apply(event)),
      gap: current(() => void this.#afterGap()),
      skipped: current((skipped) => this.#skip(skipped)),
      ping: current(() => void (this.#failedTrials = 0)),
      closed: current((graceful, reason, place) => {
        const isOpened = this.#state.connection.status === "live";
        this.#place = place;
        if (reason === "room_deleted") this.#fail(new Problem(404, reason, ""));
        else this.#lost(graceful && reason !== "access_lost"); // the next attempt finds out whether the room is still there
        if (!graceful && !isOpened) void this.#joinQueue();
      }),
    };
    this.#restartSilenceTimer(OPENS_WITHIN_MS);
    this.#closeStream = this.#streamAfter(
      cursor,
      listener,
      current((problem) => this.#refused(problem)),
    );
  }

  /** A stream from `cursor` on; of a private room, once there is a ticket for it. */
  #streamAfter(cursor: number, listener: StreamListener, refused: (problem: Problem) => void): () => void {
    const { openStream, roomId, streamTicket } = this.deps;
    const [lane, place] = [this.#lane, this.#place];
    if (this.#state.room?.visibility !== "private")
      return openStream(roomId, cursor, listener, { lane, place });
    return openWhenReady(
      streamTicket(),
      (ticket) => openStream(roomId, cursor, listener, { ticket, lane, place }),
      (error) => refused(asProblem(error)),
    );
  }

  #restartSilenceTimer(waitMs: number, checks = 0): void {
    this.#cancelSilence();
    this.#cancelSilence = this.deps.clock.after(waitMs, () => void this.#checkSilentStream(checks));
  }

  /** The stream should have sent something by now. If a fetch returns events that it has not delivered, it does not work. */
  async #checkSilentStream(checks: number): Promise<void> {
    if (checks >= QUIET_CHECKS_MAX) return void this.#lost(false);
    this.#restartSilenceTimer(QUIET_CHECK_MS, checks + 1);
    const [run, callbacks, seq] = [this.#run, this.#callbacks, this.#state.room?.seq ?? 0];
    const isOpened = this.#state.connection.status === "live";
    let isBehind: boolean;
    try {
      const page = await this.deps.api.events(this.deps.roomId, { after_seq: seq });
      // The calm lane is not behind by what it leaves out.
      isBehind = page.last_seq > seq && (page.has_more || !page.events.every(isLeftOut));
    } catch (error) {
      if (asProblem(error).status !== 429) return; // the next check decides
      isBehind = false;
    }
    const isStillSilent = () => run === this.#run && callbacks === this.#callbacks;
    if (isOpened && isBehind)
      await new Promise<void>((resolve) => this.deps.clock.after(LATE_EVENT_MS, resolve));
    if (!isStillSilent()) return;
    if (!isOpened) this.#poll("not-opened");
    else if (isBehind) {
      this.#poll("held-back");
      this.#failedTrials += 1; // until a ping arrives
    }
  }

  /** Poll new events, and try a stream after `trialInMs`. */
  #poll(trouble: StreamTrouble, trialInMs = this.#trialWaitMs(trouble)): void {
    this.#stop();
    this.#streamTrouble = trouble;
    const inLine = trouble === "full" ? this.#inLine : null;
    this.#set({ connection: inLine === null ? { status: "polling" } : waitingAs(inLine.standing) });
    const { api, roomId, clock, random, isVisible = () => true } = this.deps;
    let roomReadAtMs = clock.now();
    const stopPolling = pollEvents({
      fetchEvents: (wait_s, signal) =>
        api.events(roomId, { after_seq: this.#state.room?.seq ?? 0, wait_s }, signal),
      // Waiting fetches would hold up all other requests if several windows had one, or no connection is free.
      mayWait: () => trouble !== "closed" && inLine === null && isVisible(),
      minMs: inLine === null ? POLL_MIN_MS : POLL_MAX_MS,
      onPage: (page) => {
        this.#applyPage(page);
        if (clock.now() - roomReadAtMs < ROOM_EVERY_MS) return;
        roomReadAtMs = clock.now();
        void this.#readRoom();
      },
      onFailure: (problem) => {
        if (problem.code === "cursor_expired") void this.#afterGap();
        else if (problem.isTransient) this.#refused(problem);
        else {
          this.#streamTrouble = null;
          this.#failedStreams = 0;
          this.#lost(false); // reconnecting fetches the room, which reports the problem
        }
      },
      clock,
      random,
    });
    const stopTrials = inLine === null ? this.#tryStreams(trouble, trialInMs) : this.#waitForTurn(inLine);
    this.#closeStream = () => {
      stopPolling();
      stopTrials();
    };
  }

  #tryStreams(trouble: StreamTrouble, firstInMs: number): () => void {
    return tryStreams({
      open: (listener) =>
        this.#streamAfter(this.#state.room?.seq ?? 0, listener, () => listener.closed(false)),
      firstInMs,
      nextInMs: () => {
        this.#failedTrials += 1;
        return this.#trialWaitMs(trouble);
      },
      isOpeningEnough: trouble !== "held-back",
      onSuccess: () => this.#streamAgain(),
      clock: this.deps.clock,
    });
  }

  #streamAgain(): void {
    this.#streamTrouble = null;
    this.#failedStreams = 0;
    this.#openStream(this.#state.room?.seq ?? 0);
  }

  /** A stream did not open. If the server is full, wait in line; the next stream takes a place along in any case. */
  async #joinQueue(): Promise<void> {
    const run = this.#run;
    try {
      const queue = await this.deps.streamQueue?.();
      const standing = await queue?.ask();
      if (queue === undefined || standing === undefined || run !== this.#run) return;
      this.#place = standing.place;
      if (standing.position === 0 || this.#state.room === null) return;
      this.#inLine = { queue, standing };
      this.#attempt = 0;
      this.#failedStreams = 0;
      this.#poll("full");
    } catch {
      // The next attempt fails again, or opens.
    }
  }

  #waitForTurn({ queue, standing }: InLine): () => void {
    return queue.wait(standing.renew_in_s, {
      moved: (standing) => {
        this.#inLine = { queue, standing };
        this.#set({ connection: waitingAs(standing) });
      },
      turn: ({ place }) => {
        this.#place = place;
        this.#streamAgain();
      },
    });
  }

  #applyPage({ events, last_seq }: EventsPage): void {
    const seq = this.#state.room?.seq ?? 0;
    // A server that lags behind its own page would otherwise be called again and again without a wait.
    if (last_seq < seq || last_seq - seq > REPLAY_MAX_EVENTS) return void this.#afterGap();
    this.#attempt = 0;
    this.#lostAtMs = null;
    for (const event of events) this.#apply(event);
  }

  /** Fetch the values that a stream would report as signals. */
  async #readRoom(): Promise<void> {
    const run = this.#run;
    try {
      const read = await this.deps.api.room(this.deps.roomId);
      const { name, visibility, heat, viewers, slow_mode_s: slowModeS, slow_mode: slowMode } = read;
      const { room } = this.#state;
      if (run === this.#run && room !== null)
        this.#set({
          room: { ...room, name, visibility, heat, viewers, slowModeS, slowMode, slowModeUntilMs: null },
        });
    } catch {
      // The next fetch may succeed.
    }
  }

  #trialWaitMs(trouble: StreamTrouble): number {
    if (trouble === "closed") return backoffMs(2 + this.#failedTrials, this.deps.random);
    const failed = Math.min(this.#failedTrials, 10);
    return failed === 0 ? 0 : Math.min(TRIAL_WAIT_MAX_MS, TRIAL_WAIT_MS * 2 ** (failed - 1));
  }

  #apply(event: RoomEvent): void {
    const room = this.#state.room;
    if (room === null) return;
    const next = applyEvent(room, event, this.deps.clock.now(), this.#keep);
    if (next === room) return;
    this.#recent.push(event);
    if (this.#recent.length > 2 * RECENT_EVENTS) this.#recent = this.#recent.slice(-RECENT_EVENTS);
    this.#set({ room: next });
    for (const listener of this.#eventListeners) callSafely(listener, event);
    this.#placePosted();
  }

  #skip(skipped: StreamSkipped): void {
    const room = this.#state.room;
    if (room === null) return;
    const next = applySkipped(room, skipped);
    if (next === room) return;
    this.#set({ room: next });
    for (const listener of this.#skippedListeners) callSafely(listener, skipped);
    this.#placePosted();
  }

  /** Show the reader's messages that the state has reached. A skipped one is reported like an event. */
  #placePosted(): void {
    const { room } = this.#state;
    if (room === null || this.#posted.length === 0) return;
    const reached = this.#posted.filter(({ seq }) => seq <= room.seq);
    this.#posted = this.#posted.filter(({ seq }) => seq > room.seq);
    for (const message of reached) {
      const before = this.#state.room;
      if (before === null) return;
      const next = withPosted(before, message, this.#recent, this.#keep);
      if (next === before) continue;
      this.#set({ room: next });
      const event = { type: "message.created", room_id: message.room_id, seq: message.seq, message } as const;
      for (const listener of this.#eventListeners) callSafely(listener, event);
    }
  }

  /** Events are missing, so fetch a fresh page. Soon after another gap, wait first, to spare a failing server. */
  async #afterGap(): Promise<void> {
    const now = this.deps.clock.now();
    const isFirst = now - this.#lastGapMs > GAP_CALM_MS;
    this.#lastGapMs = now;
    if (isFirst) return this.#startFresh();
    this.#waitThen(backoffMs(3, this.deps.random), () => void this.#startFresh());
  }

  #lost(graceful: boolean): void {
    this.#lostAtMs ??= this.deps.clock.now();
    const waitMs = backoffMs(this.#attempt, this.deps.random);
    if (!graceful) {
      this.#attempt += 1;
      this.#failedStreams += 1;
    }
    this.#waitThen(waitMs, () => void this.#resume());
  }

  #refused(problem: Problem): void {
    if (!problem.isTransient) {
      const isLost = problem.code === "room_not_found" && this.#state.room !== null;
      this.#fail(isLost ? new Problem(404, "access_lost", "") : problem);
      return;
    }
    const waitMs = Math.max(waitOf(problem) ?? 0, backoffMs(this.#attempt, this.deps.random));
    this.#attempt += 1;
    this.#waitThen(waitMs, () => void this.#resume(), problem.status === 429 ? "throttled" : "reconnecting");
  }

  /** The room does not exist for this reader, or no longer does. */
  #fail(problem: Problem): void {
    this.#stop();
    this.#dropHistory();
    this.#recent = [];
    this.#set({
      connection: { status: "failed", problem },
      room: null,
      older: { status: "idle" },
      skipped: null,
    });
  }

  #waitThen(waitMs: number, call: () => void, status: "reconnecting" | "throttled" = "reconnecting"): void {
    this.#stop();
    this.#set({ connection: { status, retryAtMs: this.deps.clock.now() + waitMs } });
    this.#cancelWait = this.deps.clock.after(waitMs, call);
  }

  #set(change: Partial<FeedState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}

const waitingAs = ({ position, estimate_s: estimateS }: StreamPlace): Connection => ({
  status: "waiting",
  position,
  estimateS,
});

function asProblem(error: unknown): Problem {
  return error instanceof Problem ? error : unreachable();
}

const waitOf = ({ isTransient, serverWaitMs }: Problem): number | null => (isTransient ? serverWaitMs : null);

const isReadFarUp = (room: RoomState, keep: Keep) => keep.keepFromSeq <= (room.messages.at(-1)?.seq ?? -1);

/** The messages that a fresh page skipped; null when it overlaps the old state. */
function skippedBetween(before: RoomState | null, fresh: RoomState): SkippedMessages | null {
  if (before === null) return null;
  const messages = fresh.messageCount - before.messageCount;
  const isJoined = (fresh.messages[0]?.seq ?? 0) <= before.seq;
  return messages > 0 && !isJoined && !before.isCutOff ? { fromSeq: before.seq, messages } : null;
}
