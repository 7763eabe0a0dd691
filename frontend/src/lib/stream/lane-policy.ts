/** Which lane of a room the page follows. Pure. */
import type { ReadingPace } from "@/lib/reading-pace";
import type { Lane } from "./room-stream";

/** How long a room counts as hot after it has cooled, so that a room near the limit does not keep changing the lane. */
export const HOT_HOLD_MS = 60_000;

interface LaneReasons {
  readonly pace: ReadingPace;
  /** The reader has told the browser to save data. */
  readonly savesData: boolean;
  readonly isPhone: boolean;
  readonly isHot: boolean;
}

/** A reader who wants every message gets it, whatever it costs. */
export function laneFor({ pace, savesData, isPhone, isHot }: LaneReasons): Lane {
  if (pace === "all") return "full";
  return pace === "light" || savesData || (isPhone && isHot) ? "calm" : "full";
}

/** Heat with hysteresis: hot at once, cool later. */
export interface HeldHeat {
  readonly isHot: boolean;
  /** When a room that has cooled no longer counts as hot, ms on the app's clock; null until it cools. */
  readonly coolAtMs: number | null;
}

export const COOL: HeldHeat = { isHot: false, coolAtMs: null };

export function nextHeldHeat(held: HeldHeat, isHotNow: boolean, nowMs: number): HeldHeat {
  if (isHotNow) return { isHot: true, coolAtMs: null };
  if (!held.isHot) return COOL;
  const coolAtMs = held.coolAtMs ?? nowMs + HOT_HOLD_MS;
  return nowMs >= coolAtMs ? COOL : { isHot: true, coolAtMs };
}
