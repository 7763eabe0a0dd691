import { beforeEach, describe, expect, it } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import {
  FAILED_STREAMS_MAX,
  OPENS_WITHIN_MS,
  QUIET_MS,
  REPLAY_MAX_EVENTS,
  ROOM_EVERY_MS,
  type RoomFeed,
  SILENCE_MS,
} from "@/lib/feed/room-feed";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeRoom, feedOf } from "../support/fake-room";

const HOT = new Problem(429, "room_hot", "This room is hot", 4_000);

let room: FakeRoom;
let clock: FakeClock;
let feed: RoomFeed;

beforeEach(() => {
  room = new FakeRoom();
  clock = new FakeClock();
  feed = feedOf(room, clock);
});

const status = () => feed.getSnapshot().connection.status;
const texts = () => feed.getSnapshot().room?.messages.map(({ text }) => text);

async function live(): Promise<() => void> {
  const close = feed.subscribe(() => undefined);
  await settled();
  room.openLast();
  return close;
}

it("shows the new name of a room that was renamed while it was open or the tab disconnected", async () => {
  await live();
  const name = () => feed.getSnapshot().room?.name;
  expect(name()).toBe("Lobby");
  room.send({ type: "room.name", room_id: "lobby", name: "Renamed" });
  expect(name()).toBe("Renamed");
  room.stream.listener.closed(true);
  await clock.advance(1_000);
  const { cursor, listener } = room.stream;
  const heat = { hot: false, since: null, fetches_per_s: 0 };
  listener.opened({ room_id: "lobby", seq: cursor, resumed: true, heat, name: "Renamed again" });
  expect(name()).toBe("Renamed again");
});

it("shows the latest page, then the events after its cursor", async () => {
  room.say();
  feed.subscribe(() => undefined);
  expect(status()).toBe("connecting");
  await settled();
  expect(status()).toBe("catching-up");
  expect(room.stream.cursor).toBe(1);
  room.openLast();
  room.say();
  expect(status()).toBe("live");
  expect(texts()).toEqual(["text 1", "text 2"]);
});

it("opens with the first listener and closes with the last", async () => {
  const close = await live();
  const closeOther = feed.subscribe(() => undefined);
  close();
  expect(room.streams).toHaveLength(1);
  closeOther();
  expect(room.streams).toHaveLength(0);
});

it("returns the same snapshot until the state changes", async () => {
  await live();
  expect(feed.getSnapshot()).toBe(feed.getSnapshot());
  const before = feed.getSnapshot();
  room.stream.listener.ping();
  expect(feed.getSnapshot()).toBe(before);
});

describe("reconnecting", () => {
  it("resumes from its cursor after a jittered wait, and misses nothing", async () => {
    await live();
    room.say();
    room.stream.listener.closed(false);
    expect(feed.getSnapshot().connection).toEqual({ status: "reconnecting", retryAtMs: clock.now() + 500 });
    room.say();
    await clock.advance(500);
    expect(room.stream.cursor).toBe(1);
  });

  it("waits longer each time, at most thirty seconds, and checks the room", async () => {
    await live();
    const waits: number[] = [];
    room.refusals = Array.from({ length: 8 }, () => new Problem(0, "unreachable", ""));
    room.stream.listener.closed(false);
    for (let attempt = 0; attempt < 8; attempt += 1) {
      room.fetches = [];
      const { connection } = feed.getSnapshot();
      const waitMs = connection.status === "reconnecting" ? connection.retryAtMs - clock.now() : -1;
      waits.push(waitMs);
      await clock.advance(waitMs);
      expect(room.fetches).toEqual(["room"]);
    }
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000]);
  });

  it("checks how much it has missed when the network returns after a failed attempt", async () => {
    await live();
    room.refusals = [new Problem(0, "unreachable", "")];
    room.stream.listener.closed(false);
    await clock.advance(500);
    for (let count = 0; count <= REPLAY_MAX_EVENTS; count += 1) room.say();
    room.fetches = [];
    feed.retryNow();
    await settled();
    expect(room.fetches[0]).toBe("room");
    expect(feed.getSnapshot().skipped?.messages).toBe(REPLAY_MAX_EVENTS + 1);
  });

  it("reconnects after forty seconds without even a ping", async () => {
    await live();
    await clock.advance(SILENCE_MS - 1);
    room.stream.listener.ping();
    await clock.advance(SILENCE_MS - 1);
    expect(status()).toBe("live");
    await clock.advance(1);
    expect(status()).toBe("reconnecting");
  });

  it("stops for good when the room is gone", async () => {
    await live();
    room.stream.listener.closed(false);
    room.refusals = [new Problem(404, "room_not_found", "No such room")];
    await clock.advance(60_000);
    expect(feed.getSnapshot().connection).toMatchObject({
      status: "failed",
      problem: { code: "access_lost" },
    });
    expect(room.streams).toHaveLength(0);
  });

  it("keeps retrying while the server is unavailable, and keeps its messages", async () => {
    room.say();
    await live();
    room.stream.listener.closed(false);
    room.refusals = Array.from({ length: 4 }, () => new Problem(0, "unreachable", ""));
    for (let waited = 0; room.streams.length === 0 && waited < 60; waited += 1) await clock.advance(1_000);
    room.openLast();
    expect(status()).toBe("live");
    expect(texts()).toEqual(["text 1"]);
  });

  it("takes a fresh page instead of a replay when more than 500 events behind, and counts the skipped messages", async () => {
    await live();
    room.say();
    room.stream.listener.closed(false);
    for (let count = 0; count < 600; count += 1) room.say();
    await clock.advance(500);
    room.openLast();
    expect(feed.getSnapshot().room?.messages).toHaveLength(50);
    expect(feed.getSnapshot().skipped).toEqual({ fromSeq: 1, messages: 600 });
    expect(room.stream.cursor).toBe(601);
  });

  it("resumes even if a hot room refuses the check of its head", async () => {
    await live();
    await clock.advance(1);
    room.stream.listener.closed(false);
    room.refusals = [HOT];
    await clock.advance(500);
    expect(room.streams).toHaveLength(1);
  });
});

describe("joining a room", () => {
  it("costs one fetch: the latest page carries the room", async () => {
    await live();
    expect(room.fetches).toEqual([{}]);
    expect(feed.getSnapshot().room).toMatchObject({ name: "Lobby", viewers: 1 });
  });

  it("also fetches the room from a server whose latest page does not carry it", async () => {
    room.pagesCarryRoom = false;
    await live();
    expect(room.fetches).toEqual([{}, "room"]);
    expect(feed.getSnapshot().room).toMatchObject({ name: "Lobby", viewers: 1 });
  });
});

describe("where streams do not work", () => {
  const TRIALS_MS = 400_000; // longer than the longest wait for a trial

  /** Lose streams until the feed no longer opens one at once. */
  async function loseStreams(): Promise<void> {
    for (let lost = 0; lost < FAILED_STREAMS_MAX; lost += 1) {
      room.stream.listener.closed(false);
      const { connection } = feed.getSnapshot();
      await clock.advance("retryAtMs" in connection ? connection.retryAtMs - clock.now() : 0);
    }
  }

  it("shows messages within 20 s when a proxy holds the stream back", async () => {
    await live();
    room.streams[0]?.listener.ping();
    room.isHeldBack = true;
    room.say();
    await clock.advance(18_000);
    expect(status()).toBe("polling");
    expect(texts()).toEqual(["text 1"]);
    room.say();
    await clock.advance(10_000);
    expect(texts()).toEqual(["text 1", "text 2"]);
  });

  it("keeps a quiet stream of a room without news", async () => {
    await live();
    await clock.advance(SILENCE_MS - 1);
    expect(status()).toBe("live");
  });

  it("does not poll because of an event that the stream delivers during the check", async () => {
    await live();
    room.isHeldBack = true;
    room.say();
    const answer = room.hold();
    await clock.advance(QUIET_MS);
    room.stream.listener.ping();
    answer();
    await clock.advance(0);
    expect(status()).toBe("live");
  });

  it("shows messages when a stream does not open", async () => {
    feed.subscribe(() => undefined);
    await settled();
    room.isHeldBack = true;
    room.say();
    await clock.advance(OPENS_WITHIN_MS);
    expect(status()).toBe("polling");
    expect(texts()).toEqual(["text 1"]);
  });

  it("shows messages after a few streams were refused", async () => {
    await live();
    await loseStreams();
    expect(status()).toBe("polling");
    room.say();
    await clock.advance(10_000);
    expect(texts()).toEqual(["text 1"]);
  });

  it("returns to streaming as soon as a stream opens, if streams were refused", async () => {
    await live();
    await loseStreams();
    await clock.advance(5_000);
    room.openLast();
    expect(status()).toBe("catching-up");
    room.openLast();
    expect(status()).toBe("live");
  });

  it("returns to streaming only after a ping, if streams were held back", async () => {
    await live();
    room.isHeldBack = true;
    room.say();
    await clock.advance(QUIET_MS + 2_000);
    room.openLast();
    expect(status()).toBe("polling");
    room.stream.listener.ping();
    room.openLast();
    expect(status()).toBe("live");
  });

  it("tries a stream less and less often while streams are held back", async () => {
    await live();
    room.isHeldBack = true;
    room.say();
    const openedBefore = room.opened;
    await clock.advance(QUIET_MS + TRIALS_MS);
    expect(room.opened - openedBefore).toBe(4);
    expect(status()).toBe("polling");
  });

  it("tries a stream at once when the network returns", async () => {
    await live();
    await loseStreams();
    feed.retryNow();
    await clock.advance(0);
    room.openLast();
    expect(status()).toBe("catching-up");
  });

  it("shows heat, viewers, slow mode and a new name while it polls, by one fetch in ten seconds", async () => {
    await live();
    await loseStreams();
    const heat = { hot: true, since: "2026-01-31T09:30:00.125Z", fetches_per_s: 80 };
    room.settings = { name: "Renamed", heat, viewers: 7, slow_mode_s: 30 };
    room.fetches = [];
    await clock.advance(3 * ROOM_EVERY_MS);
    expect(status()).toBe("polling");
    expect(feed.getSnapshot().room).toMatchObject({ name: "Renamed", heat, viewers: 7, slowModeS: 30 });
    const asked = room.fetches.filter((fetch) => fetch === "room").length;
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThanOrEqual(3);
  });

  it("waits for the retry time of a hot room between polls", async () => {
    await live();
    await loseStreams();
    room.refusals = [new Problem(429, "room_hot", "This room is hot", 30_000)];
    await clock.advance(12_000);
    room.fetches = [];
    await clock.advance(15_000);
    expect(room.fetches).toEqual([]);
    await clock.advance(15_000);
    expect(room.fetches).toContain("events");
    expect(status()).toBe("polling");
  });

  it("continues to poll after the server was unreachable", async () => {
    await live();
    await loseStreams();
    room.refusals = [new Problem(0, "unreachable", "")];
    await clock.advance(10_000);
    room.say();
    await clock.advance(10_000);
    expect(status()).toBe("polling");
    expect(texts()).toEqual(["text 1"]);
  });

  it.each<[string, () => void]>([
    [
      "lags behind its page",
      () => {
        const { events } = room.api;
        Object.assign(room.api, {
          events: async (...call: Parameters<typeof events>) => ({ ...(await events(...call)), last_seq: 0 }),
        });
      },
    ],
    [
      "has dropped the events after its page",
      () => {
        const expired = new Problem(410, "cursor_expired", "Too old");
        const { events } = room.api;
        Object.assign(room.api, {
          events: (...call: Parameters<typeof events>) => {
            room.refusals = [expired];
            return events(...call);
          },
        });
      },
    ],
  ])("does not fetch in each turn from a server that %s", async (_what, begin) => {
    room.say();
    await live();
    await loseStreams();
    begin();
    const before = room.fetches.length;
    await clock.advance(60_000);
    expect(room.fetches.length - before).toBeLessThan(60);
  });

  it("fetches a fresh page when the events it needs are no longer kept", async () => {
    await live();
    await loseStreams();
    room.say();
    room.refusals = [new Problem(410, "cursor_expired", "Too old")];
    await clock.advance(10_000);
    expect([status(), texts()]).toEqual(["polling", ["text 1"]]);
  });

  it("stops for good when the room is gone", async () => {
    await live();
    await loseStreams();
    room.refusals = Array.from({ length: 4 }, () => new Problem(404, "room_not_found", "No such room"));
    await clock.advance(60_000);
    expect(status()).toBe("failed");
  });

  it("returns to streams when the server refuses to return events", async () => {
    await live();
    await loseStreams();
    room.refusals = [new Problem(404, "not_found", "Not found")];
    await clock.advance(10_000);
    expect(status()).toBe("catching-up");
  });

  it("takes a fresh page when it is too far behind, and polls from its cursor", async () => {
    await live();
    await loseStreams();
    for (let count = 0; count <= REPLAY_MAX_EVENTS; count += 1) room.say();
    await clock.advance(10_000);
    expect(feed.getSnapshot().room?.messages).toHaveLength(50);
    room.say();
    await clock.advance(10_000);
    expect(status()).toBe("polling");
    expect(feed.getSnapshot().room?.seq).toBe(room.lastSeq);
  });

  it("stops polling with the last listener", async () => {
    const close = await live();
    await loseStreams();
    close();
    room.fetches = [];
    await clock.advance(TRIALS_MS);
    expect([room.fetches, room.streams]).toEqual([[], []]);
  });
});

describe("a gap", () => {
  it("replaces the pages by the latest one and resumes from its cursor", async () => {
    room.say();
    await live();
    for (let count = 0; count < 80; count += 1) room.messages.push({ ...room.say(), text: "unheard" });
    const streams = room.streams;
    room.stream.listener.gap({ from_seq: 1, to_seq: 81 });
    await settled();
    expect(room.streams).not.toEqual(streams);
    expect(room.stream.cursor).toBe(81);
    expect(feed.getSnapshot().room?.messages).toHaveLength(50);
  });

  it("soon after another gap waits before it fetches again", async () => {
    await live();
    room.stream.listener.gap({ from_seq: 0, to_seq: 1 });
    await settled();
    room.openLast();
    room.stream.listener.gap({ from_seq: 0, to_seq: 1 });
    await settled();
    expect(status()).toBe("reconnecting");
  });
});

describe("throttling", () => {
  it("waits for the retry time before it fetches a throttled room again", async () => {
    room.refusals = [HOT];
    feed.subscribe(() => undefined);
    await settled();
    expect(feed.getSnapshot().connection).toEqual({ status: "throttled", retryAtMs: clock.now() + 4_000 });
    await clock.advance(3_999);
    expect(room.fetches).toHaveLength(1);
    await clock.advance(1);
    room.openLast();
    expect(status()).toBe("live");
  });

  it("retries a refused page of history", async () => {
    for (let count = 0; count < 70; count += 1) room.say();
    await live();
    room.refusals = [HOT];
    await feed.loadOlder();
    expect(feed.getSnapshot().older).toEqual({ status: "throttled", retryAtMs: clock.now() + 4_000 });
    expect(status()).toBe("live");
    await clock.advance(4_000);
    expect(feed.getSnapshot().room?.messages).toHaveLength(70);
    expect(feed.getSnapshot().older).toEqual({ status: "idle" });
  });

  it("waits by itself before it fetches a page of history again that a proxy refuses with a wait of 0 s", async () => {
    for (let count = 0; count < 70; count += 1) room.say();
    await live();
    room.refusals = Array.from({ length: 1_000 }, () => new Problem(503, "unreachable", "", 0));
    const before = room.fetches.length;
    await feed.loadOlder();
    await clock.advance(20_000);
    expect(room.fetches.length - before).toBeLessThan(20);
  });

  it("retries a page of history that could not be fetched as soon as the network returns", async () => {
    for (let count = 0; count < 70; count += 1) room.say();
    await live();
    room.refusals = [unreachable()];
    await feed.loadOlder();
    expect(feed.getSnapshot().older.status).toBe("throttled");
    feed.retryNow();
    await settled();
    expect(feed.getSnapshot().room?.messages).toHaveLength(70);
    const fetches = room.fetches.length;
    await clock.advance(15_000);
    expect(room.fetches).toHaveLength(fetches);
  });
});

it("fetches one page of history at a time and stops at the first message", async () => {
  for (let count = 0; count < 120; count += 1) room.say();
  await live();
  await Promise.all([feed.loadOlder(), feed.loadOlder()]);
  await feed.loadOlder();
  await feed.loadOlder();
  expect(room.fetches.filter((asked) => asked !== "room")).toHaveLength(3);
  expect(feed.getSnapshot().room).toMatchObject({ hasOlder: false });
  expect(feed.getSnapshot().room?.messages).toEqual(room.messages);
});

describe("a private room", () => {
  beforeEach(() => {
    room.settings = { visibility: "private" };
  });

  it("opens each stream with a new ticket", async () => {
    await live();
    expect(room.stream.ticket).toEqual({ ticket: "lobby-1", readerId: "id-of-ann" });
    room.stream.listener.closed(true);
    await clock.advance(1_000);
    expect(room.stream.ticket?.ticket).toBe("lobby-2");
    expect(room.fetches.filter((fetched) => fetched === "ticket")).toHaveLength(2);
  });

  it("waits as long as the server says before it asks for a ticket again", async () => {
    feed.subscribe(() => undefined);
    room.refusals = [];
    await settled();
    room.stream.listener.closed(true);
    room.refusals = [new Problem(429, "rate_limited", "", 3_000)];
    await clock.advance(1_000);
    expect(status()).toBe("throttled");
    expect(room.streams).toHaveLength(0);
    await clock.advance(3_000);
    expect(room.stream.ticket?.ticket).toBe("lobby-2");
  });

  it("opens a stream without a ticket once the room is public, and with one once it turns private", async () => {
    room.settings = {};
    await live();
    expect(room.stream.ticket).toBeUndefined();
    room.settings = { visibility: "private" };
    room.stream.listener.closed(true, "access_lost");
    await clock.advance(1_000);
    expect(room.stream.ticket?.ticket).toBe("lobby-1");
  });

  it("closes when the reader loses access, and keeps no message", async () => {
    room.say();
    await live();
    room.refusals = [new Problem(404, "room_not_found", "")];
    room.stream.listener.closed(true, "access_lost");
    await clock.advance(1_000);
    expect(feed.getSnapshot()).toMatchObject({
      connection: { status: "failed", problem: { code: "access_lost" } },
      room: null,
    });
    expect(room.streams).toHaveLength(0);
    await clock.advance(120_000);
    expect(room.opened).toBe(1);
  });

  it("is fetched again for another reader, and what the last one saw is forgotten at once", async () => {
    room.say();
    await live();
    room.refusals = [new Problem(404, "room_not_found", "")];
    feed.readerChanged();
    expect(feed.getSnapshot().room).toBeNull();
    expect(room.streams).toHaveLength(0);
    await settled();
    expect(feed.getSnapshot().connection).toMatchObject({ problem: { code: "room_not_found" } });
    feed.readerChanged();
    await settled();
    expect(texts()).toEqual(["text 1"]);
  });
});

it("a public room stays on screen when the reader changes", async () => {
  await live();
  const { fetches } = room;
  feed.readerChanged();
  expect(feed.getSnapshot().room).not.toBeNull();
  expect(room.fetches).toBe(fetches);
});

it("a deleted room closes at once and for good", async () => {
  await live();
  room.stream.listener.closed(true, "room_deleted");
  expect(feed.getSnapshot()).toMatchObject({
    connection: { status: "failed", problem: { code: "room_deleted" } },
    room: null,
  });
});
