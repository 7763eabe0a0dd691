import { beforeEach, expect, it } from "vitest";
import {
  followRooms,
  POLL_EVERY_MS,
  POLLS_MAX,
  PROOF_AFTER_MS,
  REOPEN_MS,
  SILENT_MS,
} from "@/lib/rooms/follow-rooms";
import type { OpenNotify } from "@/lib/stream/notify-stream";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeNetwork } from "../support/fake-network";

const UPDATE = { type: "room.updated", room_id: "lobby", seq: 7 } as const;
const PING_MS = 15_000;

let clock: FakeClock;
let network: FakeNetwork;
let streams: Parameters<OpenNotify>[1][];
let open: number;
let received: string[];
let stop: () => void;

beforeEach(() => {
  clock = new FakeClock();
  network = new FakeNetwork(clock);
  streams = [];
  received = [];
  open = 0;
  stop = followRooms(["lobby"], {
    openNotify: (_roomIds, stream) => {
      streams.push(stream);
      open += 1;
      return () => void (open -= 1);
    },
    listener: {
      updated: ({ seq }) => void received.push(`updated ${seq}`),
      signal: (type) => void received.push(type),
      missed: () => void received.push("missed"),
    },
    clock,
    network,
    random: () => 0,
  });
});

const update = () => streams.at(-1)?.updated(UPDATE);

it("reopens a closed stream, and reports that changes may have been missed", async () => {
  update();
  streams[0]?.closed();
  await clock.advance(REOPEN_MS - 1);
  expect(streams).toHaveLength(1);
  await clock.advance(1);
  expect(streams).toHaveLength(2);
  expect(received).toEqual(["updated 7", "missed"]);
});

it("reopens a closed stream at once when the network returns", async () => {
  streams[0]?.closed();
  network.return();
  await settled();
  expect([streams.length, received]).toEqual([2, ["missed"]]);
});

it("keeps a quiet stream that is pinged", async () => {
  update();
  for (let pings = 0; pings < 20; pings += 1) {
    await clock.advance(PING_MS);
    streams[0]?.ping();
  }
  expect([streams.length, received]).toEqual([1, ["updated 7"]]);
});

it("reports within 20 s that a proxy holds back a stream, whether or not the opening got through", async () => {
  for (const isOpened of [false, true]) {
    received = [];
    if (isOpened) update();
    await clock.advance(20_000);
    expect(received).toEqual(isOpened ? ["updated 7", "missed"] : ["missed"]);
    expect(open).toBe(0);
    for (const before = streams.length; streams.length === before;) await clock.advance(POLL_EVERY_MS);
  }
});

it("polls while a proxy holds the stream back, and tries the stream ever less often", async () => {
  const pollsBetweenStreams: number[] = [];
  for (let trials = 1; trials <= 5; trials += 1) {
    received = [];
    await clock.advance(SILENT_MS);
    while (streams.length === trials) await clock.advance(POLL_EVERY_MS);
    pollsBetweenStreams.push(received.length);
  }
  expect(pollsBetweenStreams).toEqual([1, 2, POLLS_MAX, POLLS_MAX, POLLS_MAX]);
});

it("reopens a stream that has worked soon after it turns silent", async () => {
  update();
  await clock.advance(PROOF_AFTER_MS);
  update();
  await clock.advance(SILENT_MS);
  expect([streams.length, open]).toEqual([1, 0]);
  await clock.advance(REOPEN_MS);
  expect([streams.length, open, received.at(-1)]).toEqual([2, 1, "missed"]);
});

it("does nothing after it was stopped", async () => {
  stop();
  expect(open).toBe(0);
  await clock.advance(10 * POLL_EVERY_MS);
  expect([received, streams.length]).toEqual([[], 1]);
});

it("does nothing after it was stopped while it waited", async () => {
  streams[0]?.closed();
  stop();
  network.return();
  await clock.advance(10 * POLL_EVERY_MS);
  expect([received, streams.length]).toEqual([[], 1]);
});
