import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { GESTURE_IDLE_MS, IDLE_FRAMES, SCROLL_IDLE_MS, watchScrollEnd } from "@/features/messages/scroll-end";

const FRAME_MS = 16;
const FRAMES_MS = IDLE_FRAMES * FRAME_MS;

let list: EventTarget;
let frameMs: number;
let ended: number;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  frameMs = FRAME_MS;
  vi.stubGlobal("requestAnimationFrame", (call: () => void) => setTimeout(call, frameMs));
  vi.stubGlobal("cancelAnimationFrame", clearTimeout);
  list = new EventTarget();
  ended = 0;
  stop = watchScrollEnd(list, () => (ended += 1));
});
afterEach(() => {
  stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const send = (type: string) => list.dispatchEvent(new Event(type));
const touch = (type: string, fingers: number) =>
  list.dispatchEvent(Object.assign(new Event(type), { touches: { length: fingers } }));

it("ends at once with the event scrollend, and only once", () => {
  send("scroll");
  send("scrollend");
  expect(ended).toBe(1);
  vi.advanceTimersByTime(10 * SCROLL_IDLE_MS);
  expect(ended).toBe(1);
});

it("ends a short time after the last scroll where the browser lacks scrollend", () => {
  for (let frame = 0; frame < 20; frame += 1) {
    send("scroll");
    vi.advanceTimersByTime(SCROLL_IDLE_MS + FRAMES_MS - 1);
  }
  expect(ended).toBe(0);
  vi.advanceTimersByTime(1);
  expect(ended).toBe(1);
});

it.each(["wheel", "keydown"])("ends after a %s that scrolled nothing", (gesture) => {
  send(gesture);
  vi.advanceTimersByTime(GESTURE_IDLE_MS + FRAMES_MS);
  expect(ended).toBe(1);
});

it("does not end between the slow frames of a busy browser", () => {
  frameMs = SCROLL_IDLE_MS;
  send("keydown");
  vi.advanceTimersByTime(GESTURE_IDLE_MS + (IDLE_FRAMES - 1) * frameMs);
  for (let frame = 0; frame < 20; frame += 1) {
    send("scroll");
    vi.advanceTimersByTime(SCROLL_IDLE_MS + frameMs);
  }
  expect(ended).toBe(0);
  vi.advanceTimersByTime(IDLE_FRAMES * frameMs);
  expect(ended).toBe(1);
});

it("reports whether anything was scrolled", () => {
  const reports: boolean[] = [];
  const stopOther = watchScrollEnd(list, (didScroll) => reports.push(didScroll));
  for (const event of ["scroll", "wheel"]) {
    send(event);
    vi.advanceTimersByTime(GESTURE_IDLE_MS + FRAMES_MS);
  }
  stopOther();
  expect(reports).toEqual([true, false]);
});

it("does not end while a finger holds the list", () => {
  touch("touchstart", 1);
  send("scroll");
  vi.advanceTimersByTime(10 * SCROLL_IDLE_MS);
  expect(ended).toBe(0);
  touch("touchend", 0);
  vi.advanceTimersByTime(GESTURE_IDLE_MS + FRAMES_MS);
  expect(ended).toBe(1);
});

it("reports nothing once it is stopped", () => {
  send("scroll");
  stop();
  send("scrollend");
  vi.advanceTimersByTime(10 * SCROLL_IDLE_MS);
  expect(ended).toBe(0);
});
