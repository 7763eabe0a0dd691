import { beforeEach, expect, it } from "vitest";
import type { StreamPlace } from "@/lib/contract/types";
import { POLL_MAX_MS } from "@/lib/feed/event-polling";
import { RoomFeed } from "@/lib/feed/room-feed";
import { RETRY_MS, StreamQueue } from "@/lib/feed/stream-queue";
import { announcedPosition } from "@/features/room/announced-position";
import { checkedResponse } from "../support/contract";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeRoom } from "../support/fake-room";
import { MemoryStorage } from "../support/memory-storage";

let room: FakeRoom;
let clock: FakeClock;
let storage: MemoryStorage;
let feed: RoomFeed;
/** The position that the server gives next; null for a server that does not answer. */
let position: number | null;
let sent: unknown[];

async function answer(_url: RequestInfo | URL, init?: RequestInit): Promise<Response> {
  await Promise.resolve();
  sent.push(JSON.parse(init?.body as string));
  if (position === null) throw new TypeError("no answer");
  const standing: StreamPlace = {
    place: `place-${sent.length}`,
    position,
    estimate_s: 60 * position,
    renew_in_s: 1,
  };
  return checkedResponse("StreamPlace", standing);
}

const newFeed = () =>
  new RoomFeed({
    roomId: "lobby",
    api: room.api,
    openStream: room.openStream,
    streamTicket: room.streamTicket,
    streamQueue: async () => {
      await Promise.resolve();
      return new StreamQueue({ streamUrl: "http://streams.example", clock, fetch: answer, storage });
    },
    clock,
    random: () => 0.5,
  });

beforeEach(() => {
  room = new FakeRoom();
  clock = new FakeClock();
  storage = new MemoryStorage();
  position = 2;
  sent = [];
  feed = newFeed();
});

const connection = () => feed.getSnapshot().connection;
const texts = () => feed.getSnapshot().room?.messages.map(({ text }) => text);

/** Open the room; its first stream is refused. */
async function refused(): Promise<() => void> {
  const close = feed.subscribe(() => undefined);
  await settled();
  room.stream.listener.closed(false);
  await settled();
  return close;
}

it("waits in line, shows the position and reads by slow polling until its turn comes", async () => {
  await refused();
  expect(connection()).toEqual({ status: "waiting", position: 2, estimateS: 120 });
  expect(sent).toEqual([{}]);
  room.say();
  const streams = room.opened;
  position = 1;
  await clock.advance(1.2 * POLL_MAX_MS);
  expect(connection()).toEqual({ status: "waiting", position: 1, estimateS: 60 });
  expect(texts()).toEqual(["text 1"]);
  expect(room.opened).toBe(streams);
  position = 0;
  await clock.advance(1_000);
  expect(room.stream.place).toBe(`place-${sent.length}`);
  room.openLast();
  expect(connection()).toEqual({ status: "live" });
});

it("keeps its place over a reload of the page", async () => {
  const close = await refused();
  close();
  feed = newFeed();
  await refused();
  expect(sent.at(-1)).toEqual({ place: "place-1" });
});

it("stands in line again if another one was faster", async () => {
  await refused();
  position = 0;
  await clock.advance(1_000);
  position = 3;
  room.stream.listener.closed(false);
  await settled();
  expect(connection()).toEqual({ status: "waiting", position: 3, estimateS: 180 });
});

it("does not renew its place once the room is closed", async () => {
  const close = await refused();
  close();
  const before = sent.length;
  await clock.advance(60_000);
  expect(sent).toHaveLength(before);
});

it("keeps waiting while the server does not answer", async () => {
  await refused();
  position = null;
  await clock.advance(RETRY_MS);
  expect(connection().status).toBe("waiting");
  position = 1;
  await clock.advance(RETRY_MS);
  expect(connection()).toEqual({ status: "waiting", position: 1, estimateS: 60 });
});

it.each([0, null])(
  "reconnects as before if the server is not full, or knows no queue (%s)",
  async (given) => {
    position = given;
    await refused();
    expect(connection().status).toBe("reconnecting");
    await clock.advance(1_000);
    expect(room.stream.place).toBe(given === 0 ? "place-1" : undefined);
  },
);

it("returns with the place that the end of a stream carries", async () => {
  feed.subscribe(() => undefined);
  await settled();
  room.openLast();
  room.stream.listener.closed(true, "lifetime", "returning");
  await clock.advance(1_000);
  expect(room.stream.place).toBe("returning");
  expect(sent).toEqual([]);
});

it.each([
  [1, 1],
  [2, 2],
  [3, 5],
  [26, 50],
  [10_000, 10_000],
  [10_001, 20_000],
])("announces position %i as %i", (given, announced) => {
  expect(announcedPosition(given)).toBe(announced);
});
