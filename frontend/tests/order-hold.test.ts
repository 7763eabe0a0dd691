import { beforeEach, expect, it } from "vitest";
import { OrderHold, RELEASE_MS } from "@/lib/order-hold";
import { FakeClock } from "./support/fake-clock";

let clock: FakeClock;
let hold: OrderHold;

beforeEach(() => {
  clock = new FakeClock();
  hold = new OrderHold(clock);
});

it("keeps the order while the pointer is over the list, and a moment longer for the click", async () => {
  let changes = 0;
  hold.subscribe(() => void (changes += 1));
  expect(hold.getSnapshot()).toBeNull();
  hold.begin("pointer", ["a", "b"]);
  await clock.advance(600_000);
  expect(hold.getSnapshot()).toEqual(["a", "b"]);
  hold.end("pointer");
  await clock.advance(RELEASE_MS - 1);
  expect(hold.getSnapshot()).toEqual(["a", "b"]);
  await clock.advance(1);
  expect(hold.getSnapshot()).toBeNull();
  expect(changes).toBe(2);
});

it("keeps the first order when the pointer returns in time, and until both pointer and focus have left", async () => {
  hold.begin("pointer", ["a", "b"]);
  hold.end("pointer");
  await clock.advance(RELEASE_MS / 2);
  hold.begin("pointer", ["b", "a"]);
  hold.begin("focus", ["b", "a"]);
  hold.end("pointer");
  await clock.advance(10 * RELEASE_MS);
  expect(hold.getSnapshot()).toEqual(["a", "b"]);
  hold.end("focus");
  await clock.advance(RELEASE_MS);
  expect(hold.getSnapshot()).toBeNull();
});

it("ignores the end of a hold that did not begin", async () => {
  hold.end("focus");
  hold.begin("pointer", ["a"]);
  hold.end("focus");
  await clock.advance(10 * RELEASE_MS);
  expect(hold.getSnapshot()).toEqual(["a"]);
});

it("holds what the list shows later instead, but only while a hold lasts", async () => {
  hold.replace(["b"]);
  expect(hold.getSnapshot()).toBeNull();
  hold.begin("pointer", ["a"]);
  hold.replace(["a", "b"]);
  expect(hold.getSnapshot()).toEqual(["a", "b"]);
  hold.end("pointer");
  await clock.advance(RELEASE_MS);
  expect(hold.getSnapshot()).toBeNull();
});
