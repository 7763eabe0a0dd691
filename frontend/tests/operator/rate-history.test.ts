import { expect, it } from "vitest";
import { columnsOf, withSample, type RateHistory } from "@/lib/operator/rate-history";

const rates = (posts_per_s: number | null) => ({
  fetches_served_per_s: 1,
  fetches_not_modified_per_s: 2,
  fetches_refused_per_s: null,
  posts_per_s,
  posts_refused_per_s: 0,
  deliveries_per_s: 0,
});

it("keeps one sample of an interruption", () => {
  let history: RateHistory = [];
  for (const [atMs, known] of [
    [1_000, true],
    [2_000, false],
    [3_000, false],
    [4_000, true],
  ] as const)
    history = withSample(history, { atMs, rates: known ? rates(5) : null });
  expect(history.map(({ atMs }) => atMs)).toEqual([1_000, 2_000, 4_000]);
});

it("has times that grow, although a snapshot and an interruption have different clocks", () => {
  let history: RateHistory = [];
  for (const [atMs, known] of [
    [5_000, true],
    [4_000, false],
    [4_500, true],
  ] as const)
    history = withSample(history, { atMs, rates: known ? rates(5) : null });
  expect(history.map(({ atMs }) => atMs)).toEqual([5_000, 5_001, 5_002]);
});

it("gives a chart its columns, with gaps where a rate is unknown", () => {
  const history = [
    { atMs: 1_000, rates: rates(5) },
    { atMs: 2_500, rates: null },
    { atMs: 4_000, rates: rates(null) },
  ];
  expect(columnsOf(history, ["posts_per_s", "fetches_served_per_s"])).toEqual([
    [1, 2.5, 4],
    [5, null, null],
    [1, null, 1],
  ]);
});
