import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  CALM_FOR_MS,
  CALM_UP_TO_PER_S,
  COMFORTABLE,
  CROWDED_FOR_MS,
  CROWDED_FROM_PER_S,
  nextDensity,
  type DensityChoice,
  type DensityState,
} from "@/lib/room-view/row-density";

const COMPACT: DensityState = { density: "compact", otherSinceMs: null };

/** The densities on screen while the rate is looked at every `everyMs`, from a time that is not 0. */
function densities(
  start: DensityState,
  perS: readonly number[],
  options: { everyMs?: number; isPaused?: boolean; choice?: DensityChoice } = {},
): string[] {
  const { everyMs = 500, isPaused = false, choice = "auto" } = options;
  let state = start;
  return perS.map((messagesPerS, index) => {
    state = nextDensity(state, { choice, messagesPerS, isPaused, nowMs: 50_000 + index * everyMs });
    return state.density;
  });
}
const times = (perS: number, count: number) => new Array<number>(count).fill(perS);

describe("an automatic density", () => {
  it.each([
    { perS: CROWDED_FROM_PER_S, forMs: CROWDED_FOR_MS, from: COMFORTABLE, to: "compact" },
    { perS: CROWDED_FROM_PER_S - 0.1, forMs: CALM_FOR_MS, from: COMFORTABLE, to: "comfortable" },
    { perS: CALM_UP_TO_PER_S, forMs: CALM_FOR_MS, from: COMPACT, to: "comfortable" },
    { perS: CALM_UP_TO_PER_S + 0.1, forMs: CALM_FOR_MS, from: COMPACT, to: "compact" },
  ])("is $to after $forMs ms at $perS messages/s, from $from.density", ({ perS, forMs, from, to }) => {
    const all = densities(from, times(perS, forMs / 500 + 1));
    expect(all.slice(0, -1)).toEqual(new Array(all.length - 1).fill(from.density));
    expect(all.at(-1)).toBe(to);
  });

  it("ignores a burst that is shorter", () => {
    const burst = times(200, CROWDED_FOR_MS / 500);
    expect(densities(COMFORTABLE, [...burst, 0, ...burst, 0])).not.toContain("compact");
  });

  it("stays compact through pauses of a crowd that are shorter than the calm time", () => {
    const lull = times(0, CALM_FOR_MS / 500);
    expect(densities(COMPACT, [...lull, 20, ...lull, 20])).not.toContain("comfortable");
  });

  it("never changes while the reader looks closer, and changes when they return", () => {
    const paused = densities(COMFORTABLE, times(200, 60), { isPaused: true });
    expect(new Set(paused)).toEqual(new Set(["comfortable"]));
    let state = COMFORTABLE;
    for (const [nowMs, isPaused] of [
      [0, true],
      [60_000, false],
    ] as const)
      state = nextDensity(state, { choice: "auto", messagesPerS: 200, isPaused, nowMs });
    expect(state.density).toBe("compact");
  });

  it("changes at most once in the calm time, whatever the rates are", () => {
    const rates = fc.array(fc.double({ min: 0, max: 300, noNaN: true }), { maxLength: 400 });
    fc.assert(
      fc.property(rates, (perS) => {
        const all = densities(COMFORTABLE, perS, { everyMs: 1_000 });
        const turnedComfortableAt = all.flatMap((density, index) =>
          density === "comfortable" && all[index - 1] === "compact" ? [index] : [],
        );
        const turnedCompactAt = all.flatMap((density, index) =>
          density === "compact" && all[index - 1] !== "compact" ? [index] : [],
        );
        for (const at of turnedComfortableAt) {
          const before = turnedCompactAt.findLast((index) => index < at) ?? -Infinity;
          expect((at - before) * 1_000).toBeGreaterThanOrEqual(CALM_FOR_MS);
        }
      }),
    );
  });
});

it.each(["comfortable", "compact"] as const)(
  "%s, chosen by the reader, applies at once and always",
  (choice) => {
    for (const from of [COMFORTABLE, COMPACT]) {
      const all = densities(from, [0, 200, 0], { isPaused: true, choice });
      expect(new Set(all)).toEqual(new Set([choice]));
    }
  },
);
