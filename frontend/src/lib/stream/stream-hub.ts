/** One upstream per room and lane for all tabs of a browser, because HTTP/1.1 allows six connections per host. Each tab is a
 * cursor into the room's newest events. A private room is shared between the tabs of one person only, and nothing of it is
 * kept once its stream has closed. Independent of workers, so that it also runs in a leading tab. */
import type { RoomEvent, StreamOpened, StreamSkipped } from "@/lib/contract/types";
import type { OpenStream, StreamListener, StreamOptions } from "./room-stream";

export const RING_EVENTS = 1_000; // overflow rule GAP: a tab further behind gets a gap
export const IDLE_ROOMS_MAX = 8; // overflow rule OLDEST: a tab that returns to a dropped room resumes at the server

type Listed = Extract<RoomEvent, { readonly seq: number }> | StreamSkipped;

interface SharedRoom {
  readonly roomId: string;
  /** The events and skipped runs after `startSeq` up to `lastSeq`, without holes other than those that the server's
   * conflation leaves. */
  ring: Listed[];
  startSeq: number;
  lastSeq: number;
  opened: StreamOpened | null;
  /** The latest signal of each type, for tabs that join later. */
  readonly signals: Map<RoomEvent["type"], RoomEvent>;
  closeUpstream: (() => void) | null;
  readonly tabs: Set<StreamListener>;
}

export class StreamHub {
  /** By room id and lane, those of private rooms also by reader. */
  readonly #rooms = new Map<string, SharedRoom>();

  /** At most `streamsMax` rooms are open at once; overflow rule REFUSE: the stream of a further room is closed at once. */
  constructor(
    private readonly openUpstream: OpenStream,
    private readonly streamsMax = Infinity,
  ) {}

  /** Add a tab. The returned function removes it; the upstream closes with the last tab. */
  join: OpenStream = (roomId, cursor, tab, options = {}) => {
    const key = `${roomId} ${options.lane ?? "full"} ${options.ticket?.readerId ?? ""}`;
    if (!this.#isOpen(key) && this.#openCount() >= this.streamsMax) {
      tab.closed(false);
      return () => undefined;
    }
    const room = this.#rooms.get(key) ?? this.#add(key, roomId, cursor);
    const isBehind = cursor < room.startSeq;
    // Without a stream, only the server knows whether it has these events. It may have been reset to an earlier state.
    if (isBehind && room.closeUpstream === null) this.#restart(room, cursor);
    else if (isBehind) {
      tab.opened(openedAt(room, cursor));
      tab.gap({ from_seq: cursor, to_seq: room.lastSeq });
      return () => undefined;
    }
    room.tabs.add(tab);
    if (room.closeUpstream === null) {
      if (cursor > room.lastSeq) this.#restart(room, cursor);
      this.#open(key, room, options);
    }
    if (room.opened !== null) tab.opened(openedAt(room, cursor));
    for (const signal of room.signals.values()) tab.event(signal);
    for (const listed of room.ring) if (endOf(listed) > cursor) pass(listed, tab);
    return () => this.#leave(key, tab);
  };

  #isOpen = (key: string): boolean => this.#rooms.get(key)?.closeUpstream != null;

  #openCount = (): number => [...this.#rooms.keys()].filter(this.#isOpen).length;

  #add(key: string, roomId: string, cursor: number): SharedRoom {
    const room: SharedRoom = {
      roomId,
      ring: [],
      startSeq: cursor,
      lastSeq: cursor,
      opened: null,
      signals: new Map(),
      closeUpstream: null,
      tabs: new Set(),
    };
    this.#rooms.set(key, room);
    return room;
  }

  #open(key: string, room: SharedRoom, options: StreamOptions): void {
    const all = (call: (tab: StreamListener) => void) => [...room.tabs].forEach(call);
    const listener: StreamListener = {
      opened: (opened) => {
        room.opened = opened;
        all((tab) => tab.opened(opened));
      },
      event: (event) => {
        this.#keep(room, event);
        all((tab) => tab.event(event));
      },
      gap: (gap) => {
        this.#restart(room, gap.to_seq);
        all((tab) => tab.gap(gap));
      },
      skipped: (run) => {
        this.#list(room, run);
        all((tab) => tab.skipped(run));
      },
      ping: () => all((tab) => tab.ping()),
      closed: (graceful, reason, place) => {
        room.closeUpstream = null;
        room.opened = null;
        room.signals.clear();
        const left = [...room.tabs];
        room.tabs.clear(); // each tab's feed decides when to rejoin
        if (options.ticket !== undefined) this.#rooms.delete(key);
        for (const tab of left) tab.closed(graceful, reason, place);
        this.#dropIdleRooms();
      },
    };
    room.closeUpstream = this.openUpstream(room.roomId, room.lastSeq, listener, options);
  }

  #keep(room: SharedRoom, event: RoomEvent): void {
    if (!("seq" in event)) {
      if (event.type !== "room.typing") room.signals.set(event.type, event); // typing expires within seconds
      return;
    }
    this.#list(room, event);
  }

  #list(room: SharedRoom, listed: Listed): void {
    room.lastSeq = endOf(listed);
    room.ring.push(listed);
    if (room.ring.length <= 2 * RING_EVENTS) return;
    const dropped = room.ring.splice(0, room.ring.length - RING_EVENTS).at(-1);
    if (dropped !== undefined) room.startSeq = endOf(dropped);
  }

  #restart(room: SharedRoom, seq: number): void {
    room.ring = [];
    room.startSeq = room.lastSeq = seq;
  }

  /** A room whose stream has closed is kept for its tabs, but they may never return. */
  #dropIdleRooms(): void {
    const idle = [...this.#rooms].filter(([, { closeUpstream }]) => closeUpstream === null);
    for (const [key] of idle.slice(0, -IDLE_ROOMS_MAX)) this.#rooms.delete(key);
  }

  #leave(key: string, tab: StreamListener): void {
    const room = this.#rooms.get(key);
    if (room === undefined || !room.tabs.delete(tab) || room.tabs.size > 0) return;
    room.closeUpstream?.();
    this.#rooms.delete(key);
  }
}

const isRun = (listed: Listed): listed is StreamSkipped => "to_seq" in listed;

const endOf = (listed: Listed): number => (isRun(listed) ? listed.to_seq : listed.seq);

function pass(listed: Listed, tab: StreamListener): void {
  if (isRun(listed)) tab.skipped(listed);
  else tab.event(listed);
}

function openedAt(room: SharedRoom, cursor: number): StreamOpened {
  const heat = room.opened?.heat ?? { hot: false, since: null, fetches_per_s: 0 };
  const name = room.opened?.name;
  return { room_id: room.roomId, seq: cursor, resumed: true, heat, ...(name !== undefined && { name }) };
}
