import { expect, it } from "vitest";
import { FrameWatch } from "@/lib/room-view/frame-watch";

/** What a watch reports while the screen changes in each frame: `count` frames of `tookMs`, for each pair. */
function said(...frames: [tookMs: number, count: number][]): boolean[] {
  const changes: boolean[] = [];
  const watch = new FrameWatch((isSlowed) => changes.push(isSlowed));
  let nowMs = 0;
  watch.screenChanged();
  watch.frame(nowMs);
  for (const [tookMs, count] of frames)
    for (let frame = 0; frame < count; frame += 1) {
      watch.screenChanged();
      watch.frame((nowMs += tookMs));
    }
  return changes;
}

/** How many frames of `tookMs` a watch measures after a change of the screen at `nowMs`, 1,000 at most. */
function measured(watch: FrameWatch, nowMs: number, tookMs: number): number {
  watch.screenChanged();
  let count = 1;
  while (watch.frame(nowMs + count * tookMs) && count < 1_000) count += 1;
  return count;
}

it("does not report frames of 50 ms", () => expect(said([50, 200])).toEqual([]));

it("reports a slow app after two seconds of longer frames", () => {
  expect(said([60, 33])).toEqual([]);
  expect(said([60, 34])).toEqual([true]);
});

it("ignores a quick frame now and then", () => {
  expect(said([60, 15], [16, 1], [60, 15], [16, 1], [60, 15])).toEqual([true]);
  expect(
    said(
      ...Array.from(
        { length: 40 },
        () =>
          [
            [60, 1],
            [16, 3],
          ] as [number, number][],
      ).flat(),
    ),
  ).toEqual([]);
});

it("reports an app that keeps up after ten good seconds", () => {
  expect(said([60, 40], [16, 600])).toEqual([true]);
  expect(said([60, 40], [16, 630])).toEqual([true, false]);
});

it("takes one very long frame for a suspended tab, and several for a slow one", () => {
  expect(said([30_000, 1], [16, 100])).toEqual([]);
  expect(said([1_200, 3])).toEqual([true]);
});

it("measures half a second of frames after a change of the screen", () => {
  const watch = new FrameWatch(() => undefined);
  expect(measured(watch, 0, 20)).toBe(26);
  expect(measured(watch, 60_000, 20)).toBe(26);
});

it("measures the frames of a slow app until ten good seconds have passed", () => {
  const changes: boolean[] = [];
  const watch = new FrameWatch((isSlowed) => changes.push(isSlowed));
  for (let atMs = 0; changes.length === 0; atMs += 60_000) measured(watch, atMs, 60);
  expect(measured(watch, 1e9, 20)).toBe(501);
  expect(changes).toEqual([true, false]);
});

it("does not take the time between two changes for a slow frame", () => {
  const changes: boolean[] = [];
  const watch = new FrameWatch((isSlowed) => changes.push(isSlowed));
  for (let change = 0; change < 50; change += 1) measured(watch, change * 60_000, 20);
  expect(changes).toEqual([]);
});
