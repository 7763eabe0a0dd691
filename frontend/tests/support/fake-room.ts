/** A small fake of the feed's edge: a room with a log, fetched by pages and streamed from a cursor. */
import { Problem } from "@/lib/api/problem";
import type { PagePlace } from "@/lib/api/chat-api";
import type {
  EventsPage,
  Message,
  MessagePage,
  Room,
  RoomEvent,
  StreamSkipped,
  Ticket,
} from "@/lib/contract/types";
import type { Clock } from "@/lib/clock";
import { RoomFeed } from "@/lib/feed/room-feed";
import { changeMessages, changePinned } from "@/lib/feed/room-state";
import { isLeftOut } from "@/lib/feed/skipped-runs";
import type { Lane, OpenStream, StreamListener, StreamTicket } from "@/lib/stream/room-stream";
import { checkedApi, checkedListener } from "./contract";

const COLD = { hot: false, since: null, fetches_per_s: 0 };
const PAGE = 50;
const EVENTS_PAGE = 500;

export function message(seq: number, change: Partial<Message> = {}): Message {
  return {
    id: `message-${seq}`,
    room_id: "lobby",
    seq,
    author: { id: "id-of-ann", nickname: "ann" },
    text: `text ${seq}`,
    reply_to: null,
    created_at: new Date(1_000_000_000_000 + seq * 1_000).toISOString(),
    edited_at: null,
    deleted: false,
    reactions: {},
    ...change,
  };
}

export const room = (change: Partial<Room> = {}): Room => ({
  id: "lobby",
  name: "Lobby",
  visibility: "public",
  owner_id: "id-of-owner",
  last_seq: 0,
  message_count: 0,
  heat: COLD,
  slow_mode_s: 0,
  viewers: 0,
  owner: { id: "id-of-owner", nickname: "owner" },
  moderators: [],
  who_can_post: "everyone",
  regular_after_s: 86_400,
  slow_mode: { mode: "off", seconds: 0, target_posts_per_s: null },
  ...change,
});

export const created = (made: Message): RoomEvent => ({
  type: "message.created",
  room_id: made.room_id,
  seq: made.seq,
  ...(made.calm === false && { calm: false }),
  message: made,
});

interface OpenedStream {
  readonly cursor: number;
  readonly listener: StreamListener;
  readonly ticket: StreamTicket | undefined;
  readonly place: string | undefined;
  readonly lane: Lane | undefined;
  /** What the calm lane has left out since the last sent event. */
  readonly skipped: RoomEvent[];
}

function runOf(events: readonly RoomEvent[]): StreamSkipped | null {
  const seqs = events.flatMap((event) => ("seq" in event ? [event.seq] : []));
  const [first] = seqs;
  if (first === undefined) return null;
  const messages = events.filter(({ type }) => type === "message.created").length;
  return { from_seq: first - 1, to_seq: seqs.at(-1) ?? first, messages, replied_to: [] };
}

export class FakeRoom {
  messages: Message[] = [];
  /** Every event with a seq, in order. */
  log: RoomEvent[] = [];
  pinned: Message[] = [];
  lastSeq = 0;
  /** Problems with which the next fetches are refused. */
  refusals: Problem[] = [];
  fetches: (PagePlace | "room" | "events" | "ticket")[] = [];
  streams: OpenedStream[] = [];
  /** How many streams were ever opened. */
  opened = 0;
  /** A proxy holds back what the streams send. */
  isHeldBack = false;
  #held: Promise<void> | null = null;

  api = checkedApi({
    page: (_roomId: string, place: PagePlace = {}): Promise<MessagePage> =>
      this.#answer(place, () => this.page(place)),
    room: (): Promise<Room> => this.#answer("room", () => this.#room()),
    events: (_roomId: string, { after_seq }: { after_seq: number }): Promise<EventsPage> =>
      this.#answer("events", () => this.#events(after_seq)),
  });
  /** Fields of the room to override. */
  settings: Partial<Room> = {};
  /** False for a server whose latest page does not carry the room. */
  pagesCarryRoom = true;

  /** Tickets that were given out. */
  tickets = 0;
  streamTicket = async (): Promise<StreamTicket> => {
    const { ticket } = await this.ticketApi.streamTicket("lobby");
    return { ticket, readerId: "id-of-ann" };
  };
  ticketApi = checkedApi({
    streamTicket: (roomId: string): Promise<Ticket> =>
      this.#answer("ticket", () => ({ ticket: `${roomId}-${(this.tickets += 1)}`, expires_at: "" })),
  });

  /** Streams stay silent until `openLast`. */
  openStream: OpenStream = (_roomId, cursor, listener, { ticket, lane, place } = {}) => {
    const opened = { cursor, listener: checkedListener(listener), ticket, lane, place, skipped: [] };
    this.opened += 1;
    this.streams.push(opened);
    return () => {
      this.streams = this.streams.filter((each) => each !== opened);
    };
  };

  get stream(): OpenedStream {
    const last = this.streams.at(-1);
    if (last === undefined) throw new Error("no stream is open");
    return last;
  }

  openLast(): void {
    const { cursor, listener } = this.stream;
    listener.opened({ room_id: "lobby", seq: cursor, resumed: true, heat: COLD });
  }

  /** Create a message and send it to the open streams. */
  say(change: Partial<Message> = {}): Message {
    const made = message((this.lastSeq += 1), change);
    this.messages.push(made);
    this.log.push(created(made));
    this.send(created(made));
    return made;
  }

  change(event: RoomEvent): void {
    this.took(event);
    this.log.push(event);
    this.send(event);
  }

  /** Change a message, as the server's tables would. */
  took(event: RoomEvent): void {
    this.messages = [...changeMessages(this.messages, event)];
    this.pinned = [...changePinned(this.pinned, event)];
  }

  /** Fetches are answered when the returned function is called. */
  hold(): () => void {
    let release = () => {};
    this.#held = new Promise((resolve) => {
      release = resolve;
    });
    return () => {
      release();
      this.#held = null;
    };
  }

  send(event: RoomEvent): void {
    if (this.isHeldBack) return;
    for (const stream of this.streams) this.pass(event, stream);
  }

  /** Send an event to one stream, or leave it out if that follows the calm lane. */
  pass(event: RoomEvent, { lane, listener, skipped }: OpenedStream): void {
    if (lane === "calm" && isLeftOut(event)) skipped.push(event);
    else {
      this.flushRun({ listener, skipped });
      listener.event(event);
    }
  }

  /** Report the run of events that a stream has left out. */
  flushRun({ listener, skipped }: Pick<OpenedStream, "listener" | "skipped"> = this.stream): void {
    const run = runOf(skipped.splice(0));
    if (run !== null) listener.skipped(run);
  }

  page(place: PagePlace): MessagePage {
    const { before_seq, after_seq, around_seq } = place;
    if (after_seq !== undefined) {
      const newer = this.messages.filter(({ seq }) => seq > after_seq);
      return { messages: newer.slice(0, PAGE), cursor: this.lastSeq, has_more: newer.length > PAGE };
    }
    const end = around_seq !== undefined ? around_seq + PAGE / 2 : (before_seq ?? Infinity);
    const older = this.messages.filter(({ seq }) => seq < end);
    const page = { messages: older.slice(-PAGE), cursor: this.lastSeq, has_more: older.length > PAGE };
    const pinned = end === Infinity && this.pinned.length > 0 ? { pinned: [...this.pinned] } : {};
    const hasNewer = around_seq !== undefined && older.length < this.messages.length;
    const room = this.pagesCarryRoom && end === Infinity ? { room: this.#room() } : {};
    return { ...page, has_more: page.has_more || hasNewer, ...pinned, ...room };
  }

  #room(): Room {
    return room({
      last_seq: this.lastSeq,
      message_count: this.messages.length,
      viewers: 1,
      ...this.settings,
    });
  }

  #events(afterSeq: number): EventsPage {
    const events = this.log.filter((event) => "seq" in event && event.seq > afterSeq) as EventsPage["events"];
    const page = events.slice(0, EVENTS_PAGE);
    const cursor = page.at(-1)?.seq ?? afterSeq;
    return { events: page, cursor, last_seq: this.lastSeq, has_more: events.length > page.length };
  }

  #answer<T>(asked: PagePlace | "room" | "events" | "ticket", answer: () => T): Promise<T> {
    this.fetches.push(asked);
    const refusal = this.refusals.shift();
    const answered = refusal === undefined ? Promise.resolve(answer()) : Promise.reject<T>(refusal);
    return this.#held === null ? answered : this.#held.then(() => answered);
  }
}

/** A feed of the room. Its jitter is always half of the range. */
export const feedOf = ({ api, openStream, streamTicket }: FakeRoom, clock: Clock): RoomFeed =>
  new RoomFeed({ roomId: "lobby", api, openStream, streamTicket, clock, random: () => 0.5 });
