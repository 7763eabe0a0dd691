/** One upstream per room for all tabs of a browser, because HTTP/1.1 allows six connections per host. Each tab is a cursor
 * into the room's newest events. Independent of workers, so that it also runs in a leading tab. */
import type { RoomEvent, StreamOpened } from "@/lib/contract/types";
import type { OpenStream, StreamListener } from "./room-stream";

export const RING_EVENTS = 1_000; // overflow rule GAP: a tab further behind gets a gap
export const IDLE_ROOMS_MAX = 8; // overflow rule OLDEST: a tab that returns to a dropped room resumes at the server

interface SharedRoom {
  /** The events after `startSeq` up to `lastSeq`, without holes other than those that the server's conflation leaves. */
  ring: RoomEvent[];
  startSeq: number;
  lastSeq: number;
  opened: StreamOpened | null;
  /** The latest signal of each type, for tabs that join later. */
  readonly signals: Map<RoomEvent["type"], RoomEvent>;
  closeUpstream: (() => void) | null;
  readonly tabs: Set<StreamListener>;
}

export class StreamHub {
  readonly #rooms = new Map<string, SharedRoom>();

  /** At most `streamsMax` rooms are open at once; overflow rule REFUSE: the stream of a further room is closed at once. */
  constructor(
    private readonly openUpstream: OpenStream,
    private readonly streamsMax = Infinity,
  ) {}

  /** Add a tab. The returned function removes it; the upstream closes with the last tab. */
  join: OpenStream = (roomId, cursor, tab) => {
    if (!this.#isOpen(roomId) && this.#openCount() >= this.streamsMax) {
      tab.closed(false);
      return () => undefined;
    }
    const room = this.#rooms.get(roomId) ?? this.#add(roomId, cursor);
    if (cursor < room.startSeq) {
      tab.opened(openedAt(room, roomId, cursor));
      tab.gap({ from_seq: cursor, to_seq: room.lastSeq });
      return () => undefined;
    }
    room.tabs.add(tab);
    if (room.closeUpstream === null) {
      if (cursor > room.lastSeq) this.#restart(room, cursor);
      this.#open(roomId, room);
    }
    if (room.opened !== null) tab.opened(openedAt(room, roomId, cursor));
    for (const signal of room.signals.values()) tab.event(signal);
    for (const event of room.ring) if ("seq" in event && event.seq > cursor) tab.event(event);
    return () => this.#leave(roomId, tab);
  };

  #isOpen = (roomId: string): boolean => this.#rooms.get(roomId)?.closeUpstream != null;

  #openCount = (): number => [...this.#rooms.keys()].filter(this.#isOpen).length;

  #add(roomId: string, cursor: number): SharedRoom {
    const room: SharedRoom = {
      ring: [],
      startSeq: cursor,
      lastSeq: cursor,
      opened: null,
      signals: new Map(),
      closeUpstream: null,
      tabs: new Set(),
    };
    this.#rooms.set(roomId, room);
    return room;
  }

  #open(roomId: string, room: SharedRoom): void {
    const all = (call: (tab: StreamListener) => void) => [...room.tabs].forEach(call);
    room.closeUpstream = this.openUpstream(roomId, room.lastSeq, {
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
      ping: () => all((tab) => tab.ping()),
      closed: (graceful) => {
        room.closeUpstream = null;
        room.opened = null;
        room.signals.clear();
        const left = [...room.tabs];
        room.tabs.clear(); // each tab's feed decides when to rejoin
        for (const tab of left) tab.closed(graceful);
        this.#dropIdleRooms();
      },
    });
  }

  #keep(room: SharedRoom, event: RoomEvent): void {
    if (!("seq" in event)) {
      if (event.type !== "room.typing") room.signals.set(event.type, event); // typing expires within seconds
      return;
    }
    room.lastSeq = event.seq;
    room.ring.push(event);
    if (room.ring.length <= 2 * RING_EVENTS) return;
    const dropped = room.ring.splice(0, room.ring.length - RING_EVENTS).at(-1);
    if (dropped !== undefined && "seq" in dropped) room.startSeq = dropped.seq;
  }

  #restart(room: SharedRoom, seq: number): void {
    room.ring = [];
    room.startSeq = room.lastSeq = seq;
  }

  /** A room whose stream has closed is kept for its tabs, but they may never return. */
  #dropIdleRooms(): void {
    const idle = [...this.#rooms].filter(([, { closeUpstream }]) => closeUpstream === null);
    for (const [roomId] of idle.slice(0, -IDLE_ROOMS_MAX)) this.#rooms.delete(roomId);
  }

  #leave(roomId: string, tab: StreamListener): void {
    const room = this.#rooms.get(roomId);
    if (room === undefined || !room.tabs.delete(tab) || room.tabs.size > 0) return;
    room.closeUpstream?.();
    this.#rooms.delete(roomId);
  }
}

function openedAt(room: SharedRoom, roomId: string, cursor: number): StreamOpened {
  const heat = room.opened?.heat ?? { hot: false, since: null, fetches_per_s: 0 };
  const name = room.opened?.name;
  return { room_id: roomId, seq: cursor, resumed: true, heat, ...(name !== undefined && { name }) };
}
