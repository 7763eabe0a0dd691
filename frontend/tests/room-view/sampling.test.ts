import { describe, expect, it } from "vitest";
import { admit, hashShare, NO_CROWD, ROWS_PER_S, shareToShow } from "@/lib/room-view/sampling";
import { message } from "../support/fake-room";

/** `perS` messages a second for so many seconds, evenly. */
function crowd(perS: number, seconds: number) {
  return Array.from({ length: perS * seconds }, (_, index) =>
    message(index + 1, {
      id: `0190a1b2-${(index * 7919).toString(16).padStart(4, "0")}-7000-8000-${String(index).padStart(12, "0")}`,
      created_at: new Date(1_000_000_000_000 + (index * 1_000) / perS).toISOString(),
    }),
  );
}

const NOBODY = () => false;

function shownOf(
  messages: ReturnType<typeof crowd>,
  mustShow: (seq: number) => boolean = NOBODY,
  rowsPerS = ROWS_PER_S,
) {
  let state = NO_CROWD;
  return messages.filter((each) => {
    const { crowd: next, shown } = admit(state, each, mustShow(each.seq), rowsPerS);
    state = next;
    return shown;
  });
}

function mostInASecond(shown: ReturnType<typeof crowd>): number {
  const perSecond = new Map<string, number>();
  for (const { created_at } of shown) {
    const second = created_at.slice(0, 19);
    perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
  }
  return Math.max(...perSecond.values());
}

it.each([1, 3, 6])("shows every message at %i a second", (perS) => {
  expect(shownOf(crowd(perS, 10))).toHaveLength(perS * 10);
});

it.each([7, 20, 50, 200, 1_000])("shows at most six new rows a second at %i messages a second", (perS) => {
  const shown = shownOf(crowd(perS, 10));
  expect(mostInASecond(shown)).toBeLessThanOrEqual(ROWS_PER_S);
  expect(shown.length).toBeGreaterThan(10 * 2);
});

it("shows the same messages to every reader, at any arrival time", () => {
  const all = crowd(200, 10);
  const late = shownOf(all.slice(400)).map(({ id }) => id);
  const early = new Set(shownOf(all).map(({ id }) => id));
  const settledLate = late.slice(12); // the first second is counted differently by who has just come
  expect(settledLate.filter((id) => early.has(id)).length / settledLate.length).toBeGreaterThan(0.95);
});

it("always shows messages that must be shown, and the common sample besides", () => {
  const all = crowd(200, 5);
  const isMine = (seq: number) => seq % 10 === 0;
  const sample = shownOf(all);
  const shown = shownOf(all, isMine);
  expect(sample.some(({ seq }) => isMine(seq))).toBe(true);
  expect(shown).toEqual(all.filter((each) => isMine(each.seq) || sample.includes(each)));
});

it.each([2, 5, 20, 200])("shows a subset of the sample in a slow app at %i messages a second", (perS) => {
  const all = crowd(perS, 20);
  const everybodys = new Set(shownOf(all));
  const slowed = shownOf(all, NOBODY, 3);
  expect(slowed.filter((each) => !everybodys.has(each))).toEqual([]);
  expect(mostInASecond(slowed)).toBeLessThanOrEqual(3);
  expect(slowed.length).toBeGreaterThan(0.25 * everybodys.size);
  if (perS > 3) expect(slowed.length).toBeLessThan(0.75 * everybodys.size);
  else expect(slowed).toEqual(all);
});

describe("the share to show", () => {
  it.each([
    [0, 1],
    [6, 1],
    [7, 1 / 2],
    [12, 1 / 2],
    [13, 1 / 4],
    [200, 1 / 64],
  ])("of %i messages a second is %f", (perS, share) => {
    expect(shareToShow(perS, 6)).toBe(share);
  });

  it("is met by the hash", () => {
    const below = crowd(1_000, 10).filter(({ id }) => hashShare(id) < 0.25).length;
    expect(below / 10_000).toBeCloseTo(0.25, 1);
  });
});
