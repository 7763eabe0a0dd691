import { beforeEach, expect, it, vi } from "vitest";
import type { Device } from "@/lib/device";
import { Listeners } from "@/lib/listeners";
import { ReadingPaceChoice, type ReadingPace } from "@/lib/reading-pace";
import { COOL, HOT_HOLD_MS, laneFor, nextHeldHeat } from "@/lib/stream/lane-policy";
import { switchLanes } from "@/lib/stream/lane-switch";
import { FakeClock, settled } from "../support/fake-clock";
import { FakeRoom, feedOf } from "../support/fake-room";
import { MemoryStorage } from "../support/memory-storage";

const NOTHING = { savesData: false, isPhone: false, isHot: false };

it.each<[ReadingPace, Partial<typeof NOTHING>, string]>([
  ["calm", {}, "full"],
  ["calm", { isHot: true }, "full"],
  ["calm", { isPhone: true }, "full"],
  ["calm", { isPhone: true, isHot: true }, "calm"],
  ["calm", { savesData: true }, "calm"],
  ["light", {}, "calm"],
  ["all", { savesData: true, isPhone: true, isHot: true }, "full"],
])("the reading pace %s with %o follows the lane %s", (pace, reasons, lane) => {
  expect(laneFor({ pace, ...NOTHING, ...reasons })).toBe(lane);
});

it("a room counts as hot at once, and until a minute after it has cooled for good", () => {
  const at = (held: typeof COOL, isHot: boolean, s: number) => nextHeldHeat(held, isHot, s * 1_000);
  expect(at(COOL, false, 0)).toBe(COOL);
  const cooling = at(at(COOL, true, 0), false, 100);
  expect(cooling).toEqual({ isHot: true, coolAtMs: 100_000 + HOT_HOLD_MS });
  expect(at(cooling, false, 159).isHot).toBe(true);
  expect(at(cooling, true, 159)).toEqual({ isHot: true, coolAtMs: null });
  expect(at(cooling, false, 160)).toBe(COOL);
});

let room: FakeRoom;
let clock: FakeClock;
let readingPace: ReadingPaceChoice;
let device: { isPhone: boolean; savesData: boolean };
let deviceListeners: Listeners;
let stop: () => void;

beforeEach(async () => {
  vi.stubGlobal("localStorage", new MemoryStorage());
  room = new FakeRoom();
  clock = new FakeClock();
  readingPace = new ReadingPaceChoice();
  device = { isPhone: false, savesData: false };
  deviceListeners = new Listeners();
  const fakeDevice: Device = {
    isPhone: () => device.isPhone,
    savesData: () => device.savesData,
    subscribe: (listener) => deviceListeners.add(listener),
  };
  stop = switchLanes({ feed: feedOf(room, clock), readingPace, device: fakeDevice, clock });
  await settled();
  room.openLast();
});

const heat = (hot: boolean) =>
  room.send({ type: "room.heat", room_id: "lobby", heat: { hot, since: null, fetches_per_s: 9 } });

it("a choice of the reader, or of the device, moves an open room to another lane at the same seq", () => {
  expect(room.streams.map(({ lane, cursor }) => [lane, cursor])).toEqual([["full", 0]]);
  room.say();
  readingPace.choose("light");
  expect(room.streams.map(({ lane, cursor }) => [lane, cursor])).toEqual([["calm", 1]]);
  room.openLast();
  readingPace.choose("calm");
  device.savesData = true;
  deviceListeners.notify();
  readingPace.choose("all");
  expect(room.stream.lane).toBe("full");
  stop();
  readingPace.choose("light");
  expect(room.streams).toEqual([]);
});

it("the stream of a first visit opens in the right lane, and another tab's choice moves it", async () => {
  localStorage.setItem("hotchat.reading", "light");
  readingPace.onStorageEvent({ key: "hotchat.reading" });
  expect(room.stream.lane).toBe("calm");
  const visited = new FakeRoom();
  visited.settings = { heat: { hot: true, since: null, fetches_per_s: 9 } };
  const phone: Device = { isPhone: () => true, savesData: () => false, subscribe: () => () => undefined };
  localStorage.setItem("hotchat.reading", "calm");
  switchLanes({ feed: feedOf(visited, clock), readingPace, device: phone, clock });
  await settled();
  expect([visited.opened, visited.stream.lane]).toEqual([1, "calm"]);
});

it("a phone in a room whose heat flaps changes the lane once", async () => {
  device.isPhone = true;
  for (let flap = 0; flap < 10; flap += 1) {
    heat(true);
    if (flap === 0) room.openLast();
    await clock.advance(3_000);
    heat(false);
    await clock.advance(3_000);
    room.stream.listener.ping();
  }
  expect([room.opened, room.stream.lane]).toEqual([2, "calm"]);
  for (let second = 0; second < 60; second += 10) {
    await clock.advance(10_000);
    room.stream.listener.ping();
  }
  expect([room.opened, room.stream.lane]).toEqual([3, "full"]);
});
