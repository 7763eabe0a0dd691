import fc from "fast-check";
import { beforeEach, expect, it } from "vitest";
import type { RoomEvent, StreamSkipped } from "@/lib/contract/types";
import type { StreamListener, StreamOptions } from "@/lib/stream/room-stream";
import { IDLE_ROOMS_MAX, RING_EVENTS, StreamHub } from "@/lib/stream/stream-hub";
import { created, FakeRoom, message } from "../support/fake-room";

let room: FakeRoom;
let hub: StreamHub;

beforeEach(() => {
  room = new FakeRoom();
  hub = new StreamHub(room.openStream);
});

class FakeTab implements StreamListener {
  received: (number | string)[] = [];
  isOpen = false;
  isClosed = false;
  leave = () => {};
  opened = () => void (this.isOpen = true);
  event = (event: RoomEvent) => void this.received.push("seq" in event ? event.seq : event.type);
  gap = () => void this.received.push("gap");
  skipped = (run: StreamSkipped) => void this.received.push(`${run.from_seq}–${run.to_seq}`);
  ping = () => undefined;
  closed = () => {
    this.isOpen = false;
    this.isClosed = true;
  };

  join(cursor: number, options: StreamOptions = {}): this {
    this.leave = hub.join("lobby", cursor, this, options);
    return this;
  }
}

it("opens one stream for all tabs and closes it with the last", () => {
  const tabs = [new FakeTab().join(0), new FakeTab().join(0)];
  expect(room.streams).toHaveLength(1);
  room.openLast();
  expect(tabs.every((tab) => tab.isOpen)).toBe(true);
  tabs[0]?.leave();
  expect(room.streams).toHaveLength(1);
  tabs[1]?.leave();
  expect(room.streams).toHaveLength(0);
});

it("sends a tab that joins later the events after its own page", () => {
  const early = new FakeTab().join(0);
  room.openLast();
  for (let count = 0; count < 5; count += 1) room.say();
  const late = new FakeTab().join(3);
  room.say();
  expect(early.received).toEqual([1, 2, 3, 4, 5, 6]);
  expect(late.received).toEqual([4, 5, 6]);
  expect(late.isOpen).toBe(true);
});

it("sends a tab that joins later the latest heat, viewers and slow mode, and nothing from before a disconnection", () => {
  new FakeTab().join(0);
  room.openLast();
  for (const viewers of [1, 2]) room.send({ type: "room.viewers", room_id: "lobby", viewers });
  room.send({ type: "room.typing", room_id: "lobby", users: [] });
  room.send({ type: "room.slow_mode", room_id: "lobby", slow_mode_s: 5 });
  expect(new FakeTab().join(0).received).toEqual(["room.viewers", "room.slow_mode"]);
  room.stream.listener.closed(true);
  expect(new FakeTab().join(0).received).toEqual([]);
});

it("resumes from its cursor after a disconnection, and tabs that rejoin at different cursors miss nothing", () => {
  const tab = new FakeTab().join(0);
  room.openLast();
  for (let count = 0; count < 5; count += 1) room.say();
  room.stream.listener.closed(false);
  expect(tab.isOpen).toBe(false);
  room.streams = [];
  const other = new FakeTab().join(5);
  expect(room.stream.cursor).toBe(5);
  room.say();
  const behind = new FakeTab().join(2);
  expect(other.received).toEqual([6]);
  expect(behind.received).toEqual([3, 4, 5, 6]);
});

it("sends a gap to a tab that is too far behind", () => {
  new FakeTab().join(0);
  room.openLast();
  for (let count = 0; count < 2 * RING_EVENTS + 1; count += 1) room.say();
  expect(new FakeTab().join(3).received).toEqual(["gap"]);
});

it("drops the events of rooms whose tabs do not rejoin after a disconnection, except for a few rooms", () => {
  const ids = Array.from({ length: IDLE_ROOMS_MAX + 1 }, (_, index) => `room-${index}`);
  for (const id of ids) {
    hub.join(id, 5, new FakeTab());
    room.stream.listener.event(created(message(6)));
    room.stream.listener.closed(false);
  }
  const [dropped, kept] = [new FakeTab(), new FakeTab()];
  hub.join("room-0", 5, dropped); // resumes at the server
  hub.join("room-1", 5, kept);
  expect([dropped.received, kept.received]).toEqual([[], [6]]);
});

it.each([0, 3])(
  "resumes at the server from %d, which may have been reset, when a stream has closed with newer events",
  (cursor) => {
    hub.join("lobby", 5, new FakeTab());
    room.openLast();
    room.stream.listener.closed(false);
    room.streams = [];
    const tab = new FakeTab().join(cursor);
    expect([tab.received, room.stream.cursor]).toEqual([[], cursor]);
    room.stream.listener.event(created(message(cursor + 1)));
    expect(tab.received).toEqual([cursor + 1]);
  },
);

it("refuses a stream when the browser has no connection left for another room, until a room is left", () => {
  hub = new StreamHub(room.openStream, 2);
  const tabs = ["one", "two", "three"].map((roomId) => {
    const tab = new FakeTab();
    tab.leave = hub.join(roomId, 0, tab);
    return tab;
  });
  expect(tabs.map(({ isClosed }) => isClosed)).toEqual([false, false, true]);
  tabs[0]?.leave();
  const again = new FakeTab();
  hub.join("three", 0, again);
  expect([again.isClosed, room.streams.length]).toEqual([false, 2]);
});

it("every tab gets every event after its cursor once and in order, whatever tabs do", () => {
  const steps = fc.array(
    fc.oneof(fc.constant("say"), fc.constant("lose"), fc.constant("join"), fc.constant("leave")),
    {
      maxLength: 80,
    },
  );
  fc.assert(
    fc.property(steps, (plan) => {
      room = new FakeRoom();
      hub = new StreamHub(room.openStream);
      let tabs: { tab: FakeTab; from: number }[] = [];
      for (const step of plan) {
        if (step === "say") {
          room.say();
        } else if (step === "join") {
          tabs.push({ tab: new FakeTab().join(room.lastSeq), from: room.lastSeq });
        } else if (step === "leave") {
          tabs.shift()?.tab.leave();
        } else if (room.streams.length > 0) {
          const [lost] = room.streams.splice(0, 1);
          lost?.listener.closed(false);
          tabs = tabs.map(({ tab, from }) => ({
            tab: Object.assign(tab, { leave: () => undefined }).join(room.lastSeq),
            from,
          }));
        }
      }
      for (const { tab, from } of tabs) {
        expect(tab.received).toEqual(
          Array.from({ length: room.lastSeq - from }, (_, index) => from + 1 + index),
        );
      }
    }),
  );
});

const ticketOf = (readerId: string): StreamOptions => ({
  ticket: { ticket: `ticket of ${readerId}`, readerId },
});

it("shares the stream of a private room between the tabs of one person only", () => {
  const tabs = ["ann", "ann", "bob"].map((reader) => new FakeTab().join(0, ticketOf(reader)));
  new FakeTab().join(0);
  expect(room.streams.map(({ ticket }) => ticket?.ticket)).toEqual([
    "ticket of ann",
    "ticket of bob",
    undefined,
  ]);
  tabs[0]?.leave();
  expect(room.streams).toHaveLength(3);
  tabs[1]?.leave();
  expect(room.streams).toHaveLength(2);
});

it("keeps nothing of a private room once its stream has closed", () => {
  const tab = new FakeTab().join(0, ticketOf("ann"));
  room.openLast();
  room.say();
  room.stream.listener.closed(true, "access_lost");
  expect([tab.received, tab.isClosed]).toEqual([[1], true]);
  room.streams = [];
  expect(new FakeTab().join(0, ticketOf("ann")).received).toEqual([]);
});

it("shares a stream between the tabs of a lane, and sends a tab that joins later the runs after its page", () => {
  const calm = { lane: "calm" } as const;
  const [full, early] = [new FakeTab().join(0), new FakeTab().join(0, calm)];
  expect(room.streams.map(({ lane }) => lane)).toEqual([undefined, "calm"]);
  for (const stream of room.streams)
    stream.listener.opened({
      room_id: "lobby",
      seq: 0,
      resumed: true,
      heat: { hot: false, since: null, fetches_per_s: 0 },
    });
  room.say();
  room.say({ calm: false });
  room.say({ calm: false });
  room.say();
  const late = new FakeTab().join(2, calm);
  expect([full, early, late].map(({ received }) => received)).toEqual([
    [1, 2, 3, 4],
    [1, "1–3", 4],
    ["1–3", 4],
  ]);
  expect(room.opened).toBe(2);
  early.leave();
  late.leave();
  expect(room.streams.map(({ lane }) => lane)).toEqual([undefined]);
});

it("resumes a lane after the end of its last run", () => {
  new FakeTab().join(0, { lane: "calm" });
  room.openLast();
  room.say({ calm: false });
  room.flushRun();
  room.stream.listener.closed(false);
  room.streams = [];
  new FakeTab().join(1, { lane: "calm" });
  expect([room.stream.cursor, room.stream.lane]).toEqual([1, "calm"]);
});
