import { beforeEach, expect, it } from "vitest";
import { FIRST_FRAME_MS, followRooms, HELD_BACK_EVERY_MS, REOPEN_MS } from "@/lib/rooms/follow-rooms";
import type { OpenNotify } from "@/lib/stream/notify-stream";
import { FakeClock } from "../support/fake-clock";

const UPDATE = { type: "room.updated", room_id: "lobby", seq: 7 } as const;

let clock: FakeClock;
let streams: Parameters<OpenNotify>[1][];
let isOpen: boolean;
let heard: string[];
let stop: () => void;

beforeEach(() => {
  clock = new FakeClock();
  streams = [];
  heard = [];
  stop = followRooms(["lobby"], {
    openNotify: (_roomIds, stream) => {
      streams.push(stream);
      isOpen = true;
      return () => void (isOpen = false);
    },
    listener: {
      updated: ({ seq }) => void heard.push(`updated ${seq}`),
      signal: (type) => void heard.push(type),
      missed: () => void heard.push("missed"),
    },
    clock,
    random: () => 0,
  });
});

it("reopens a closed stream, and reports that changes may have been missed", async () => {
  streams[0]?.updated(UPDATE);
  streams[0]?.closed();
  await clock.advance(REOPEN_MS - 1);
  expect(streams).toHaveLength(1);
  await clock.advance(1);
  expect(streams).toHaveLength(2);
  expect(heard).toEqual(["updated 7", "missed"]);
});

it("reports from time to time that changes may have been missed while a proxy holds the stream back", async () => {
  await clock.advance(FIRST_FRAME_MS + 2 * HELD_BACK_EVERY_MS);
  expect(heard).toEqual(["missed", "missed", "missed"]);
  streams[0]?.signal("room.heat", { room_id: "lobby" });
  await clock.advance(10 * HELD_BACK_EVERY_MS);
  expect(heard.slice(3)).toEqual(["room.heat"]);
  expect(streams).toHaveLength(1);
});

it("does nothing after it was stopped", async () => {
  streams[0]?.closed();
  stop();
  await clock.advance(10 * HELD_BACK_EVERY_MS);
  expect([heard, streams.length, isOpen]).toEqual([[], 1, false]);
});
