import { expect, it } from "vitest";
import { commitDelayMs, RateMeter } from "@/lib/room-view/commit-pace";

it.each([
  { rate: 1, since: 0, slowed: false, delay: 0 },
  { rate: 20, since: 5, slowed: false, delay: 0 },
  { rate: 21, since: 0, slowed: false, delay: 250 },
  { rate: 200, since: 100, slowed: false, delay: 150 },
  { rate: 200, since: 900, slowed: false, delay: 0 },
  { rate: 200, since: 0, slowed: true, delay: 600 },
])("at $rate messages/s, $since ms after a commit, slowed $slowed: the next in $delay ms", (row) => {
  expect(commitDelayMs(row.since, row.rate, row.slowed)).toBe(row.delay);
});

it("measures messages per second and decays to zero without new ones", () => {
  const meter = new RateMeter();
  for (let ms = 0; ms < 3_000; ms += 10) meter.add(1_000_000 + ms);
  expect(meter.perS(1_002_999)).toBeGreaterThan(90);
  expect(meter.perS(1_002_999)).toBeLessThan(110);
  expect(meter.perS(1_005_000)).toBe(0);
});
