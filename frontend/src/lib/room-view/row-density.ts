/** How tall the rows of the list are: compact in a crowded room, where a screen of comfortable rows passes too fast to read.
 * Pure. Hysteresis in two ways: the room becomes calm at half the rate that made it crowded, and has to stay so. */

export type RowDensity = "comfortable" | "compact";

/** What the reader has chosen. */
export type DensityChoice = "auto" | RowDensity;

/** A screen of about eight comfortable rows passes within two seconds at this rate. */
export const CROWDED_FROM_PER_S = 4;
export const CALM_UP_TO_PER_S = 2;
export const CROWDED_FOR_MS = 3_000;
export const CALM_FOR_MS = 30_000;

export interface DensityState {
  readonly density: RowDensity;
  /** Since when the rate calls for the other density, on the app's clock; null while it does not. */
  readonly otherSinceMs: number | null;
}

export const COMFORTABLE: DensityState = { density: "comfortable", otherSinceMs: null };

export interface DensityInput {
  readonly choice: DensityChoice;
  readonly messagesPerS: number;
  /** The list is paused, for example while the reader looks at history or a menu: no row may change. */
  readonly isPaused: boolean;
  readonly nowMs: number;
}

/** A choice of the reader applies at once, also while the list is paused. */
export function nextDensity(state: DensityState, input: DensityInput): DensityState {
  const { choice, isPaused, nowMs } = input;
  if (choice !== "auto") return { density: choice, otherSinceMs: null };
  if (!callsForOther(state.density, input.messagesPerS)) return { ...state, otherSinceMs: null };
  const otherSinceMs = state.otherSinceMs ?? nowMs;
  if (isPaused || nowMs < dueAtMs(state.density, otherSinceMs)) return { ...state, otherSinceMs };
  return { density: state.density === "compact" ? "comfortable" : "compact", otherSinceMs: null };
}

/** When the density changes unless the rate does, on the app's clock; null for never. */
export const densityDueMs = ({ density, otherSinceMs }: DensityState): number | null =>
  otherSinceMs === null ? null : dueAtMs(density, otherSinceMs);

const callsForOther = (density: RowDensity, messagesPerS: number): boolean =>
  density === "compact" ? messagesPerS <= CALM_UP_TO_PER_S : messagesPerS >= CROWDED_FROM_PER_S;

const dueAtMs = (density: RowDensity, otherSinceMs: number): number =>
  otherSinceMs + (density === "compact" ? CALM_FOR_MS : CROWDED_FOR_MS);
