import { expect, it } from "vitest";
import { FrameWatch } from "@/lib/room-view/frame-watch";

/** What a watch says while frames take so long, so many of each. */
function said(...frames: [tookMs: number, count: number][]): boolean[] {
  const changes: boolean[] = [];
  const watch = new FrameWatch((isSlowed) => changes.push(isSlowed));
  let nowMs = 0;
  watch.frame(nowMs);
  for (const [tookMs, count] of frames)
    for (let frame = 0; frame < count; frame += 1) watch.frame((nowMs += tookMs));
  return changes;
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
