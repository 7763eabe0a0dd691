/** Slow mode as the forms for a room's rules offer it, for hosts and for the operator. */
import type { RoomPatch, SlowMode } from "@/lib/contract/types";

/** Posts a second that slow mode `auto` aims at when it is chosen: the calm reading pace shows as many rows at most. */
export const DEFAULT_TARGET_PER_S = 3;

export interface ChosenSlowMode {
  readonly mode: SlowMode["mode"];
  /** The wait in mode `fixed`. */
  readonly seconds: number;
  /** The target of mode `auto`, in posts a second. */
  readonly target: number;
}

/** The slow mode of a room; off while it is unknown. */
export const chosenOf = (slowMode: SlowMode | null | undefined): ChosenSlowMode => ({
  mode: slowMode?.mode ?? "off",
  seconds: slowMode?.seconds ?? 0,
  target: slowMode?.target_posts_per_s ?? DEFAULT_TARGET_PER_S,
});

/** The value of the form's field: "off", "auto", or the seconds of a fixed wait. */
export const fieldOf = ({ mode, seconds }: ChosenSlowMode): string =>
  mode === "fixed" ? String(seconds) : mode;

/** The slow mode after a choice in the field. */
export const withField = (chosen: ChosenSlowMode, field: string): ChosenSlowMode =>
  field === "off" || field === "auto"
    ? { ...chosen, mode: field }
    : { ...chosen, mode: "fixed", seconds: Number(field) };

/** What a change of the room sends. */
export function patchOf({ mode, seconds, target }: ChosenSlowMode): NonNullable<RoomPatch["slow_mode"]> {
  if (mode === "fixed") return { mode, seconds };
  return mode === "auto" ? { mode, target_posts_per_s: target } : { mode };
}
