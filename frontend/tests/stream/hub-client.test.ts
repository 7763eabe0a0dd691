import { beforeEach, expect, it } from "vitest";
import type { HubPort, ToHub, ToTab } from "@/lib/stream/hub-messages";
import { HubServer, TAB_SILENCE_MS } from "@/lib/stream/hub-server";
import { PING_MS, HubClient, UNANSWERED_MAX } from "@/lib/stream/hub-client";
import type { StreamListener } from "@/lib/stream/room-stream";
import type { StreamSource } from "@/lib/stream/stream-source";
import { FakeClock } from "../support/fake-clock";
import { FakeRoom } from "../support/fake-room";
import { ReopeningTab } from "../support/fake-tab";

const LOST_AFTER_MS = PING_MS * (UNANSWERED_MAX + 1);
const LIMITS = { rooms: 4, lists: 2 };
const JOIN = {
  type: "join",
  streamUrl: "",
  roomId: "lobby",
  cursor: 0,
  ticket: undefined,
  limits: LIMITS,
} as const;

let clock: FakeClock;
let room: FakeRoom;
let server: HubServer;
let losses: number;

beforeEach(() => {
  clock = new FakeClock();
  room = new FakeRoom();
  const upstream: StreamSource = { stream: () => room.openStream, notify: () => () => () => undefined };
  server = new HubServer(upstream, clock);
  losses = 0;
});

/** A port to the server that can be cut in both directions. */
function connect(): { port: HubPort; isCut: boolean } {
  const port: HubPort = {
    onmessage: null,
    postMessage: (message: ToHub) => {
      if (!connection.isCut) receive(message);
    },
  };
  const connection = { isCut: false, port };
  const receive = server.connect((message: ToTab) => {
    if (!connection.isCut) port.onmessage?.({ data: message } as MessageEvent<ToTab>);
  });
  return connection;
}

const closingListener = (closed: (graceful: boolean) => void): StreamListener => ({
  opened: () => undefined,
  event: () => undefined,
  gap: () => undefined,
  skipped: () => undefined,
  ping: () => undefined,
  closed,
});

const clientOf = (port: HubPort) =>
  new HubClient(
    port,
    clock,
    () => LIMITS,
    () => (losses += 1),
  );

it("is not lost while the hub responds", async () => {
  clientOf(connect().port);
  await clock.advance(10 * LOST_AFTER_MS);
  expect(losses).toBe(0);
});

it("reports all streams as closed within 12 s after the hub ends", async () => {
  const connection = connect();
  const shared = clientOf(connection.port);
  const closed: boolean[] = [];
  shared.stream("")(
    "lobby",
    0,
    closingListener((graceful) => closed.push(graceful)),
  );
  connection.isCut = true;
  await clock.advance(LOST_AFTER_MS);
  expect([losses, closed]).toEqual([1, [true]]);
  expect(LOST_AFTER_MS).toBeLessThanOrEqual(12_000);
});

it("is not lost when the computer wakes up and timers fire before responses are read", async () => {
  const connection = connect();
  clientOf(connection.port);
  connection.isCut = true;
  await clock.advance(PING_MS);
  connection.isCut = false;
  await clock.advance(10 * PING_MS);
  expect(losses).toBe(0);
});

it("closes the streams of a crashed tab, and reports them to a frozen tab when it wakes", async () => {
  const received: ToTab[] = [];
  const receive = server.connect((message) => received.push(message));
  receive({ ...JOIN, id: 1 });
  expect(room.streams).toHaveLength(1);
  await clock.advance(TAB_SILENCE_MS);
  expect(room.streams).toHaveLength(0);
  expect(received.at(-1)).toEqual({ id: 1, type: "closed", graceful: true });
  receive({ ...JOIN, id: 2 });
  expect(room.streams).toHaveLength(1);
});

it("keeps the streams of a tab that sends nothing but pings", async () => {
  clientOf(connect().port).stream("")("lobby", 0, new ReopeningTab(room.openStream));
  await clock.advance(2 * TAB_SILENCE_MS);
  expect(room.streams).toHaveLength(1);
});

it("closes the streams of a tab that leaves, and reports them as closed", () => {
  const shared = clientOf(connect().port);
  let closed = 0;
  shared.stream("")(
    "lobby",
    0,
    closingListener(() => (closed += 1)),
  );
  shared.leave();
  expect([room.streams.length, closed, losses]).toEqual([0, 1, 0]);
});

it("the hub forgets a tab that leaves, and serves it again when it returns", async () => {
  let forgotten = 0;
  const received: ToTab[] = [];
  const receive = server.connect(
    (message) => received.push(message),
    () => (forgotten += 1),
  );
  receive({ type: "leave-all" });
  await clock.advance(2 * TAB_SILENCE_MS);
  expect(forgotten).toBe(1);
  receive({ type: "ping" });
  expect(received.at(-1)).toEqual({ type: "pong" });
  await clock.advance(TAB_SILENCE_MS);
  expect(forgotten).toBe(2);
});
