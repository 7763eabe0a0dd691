/** The operator's unsaved changes of the settings of heat. */
import type { HeatSettings, HeatSettingsPatch } from "@/lib/contract/types";

export type SettingName = Exclude<keyof HeatSettings, "warnings">;

/** What a number may be. The servers refuse everything else. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
  /** Whether `min` itself is refused. */
  readonly isAboveMin?: true;
  readonly isWhole?: true;
}

export const BOUNDS = {
  enter_per_s: { min: 0, max: 1_000_000_000, isAboveMin: true },
  exit_ratio: { min: 0, max: 1, isAboveMin: true },
  calm_ticks: { min: 1, max: 86_400, isWhole: true },
  fetch_per_client_per_s: { min: 0.001, max: 1_000_000_000 },
  fetch_burst: { min: 1, max: 1_000_000, isWhole: true },
} as const satisfies Partial<Record<SettingName, Bounds>>;
export type NumberSettingName = keyof typeof BOUNDS;

export const CHOICES = {
  mode: ["enforce", "shadow", "off"],
  strategy: ["adaptive", "refuse_all"],
} as const;
export type ChoiceSettingName = keyof typeof CHOICES;

/** In the order of the page: when a room is hot, and then what follows. */
export const SETTING_NAMES = [
  "enter_per_s",
  "exit_ratio",
  "calm_ticks",
  "mode",
  "strategy",
  "fetch_per_client_per_s",
  "fetch_burst",
] as const satisfies readonly SettingName[];

export const isChoice = (name: SettingName): name is ChoiceSettingName => name in CHOICES;

/** What the operator typed or chose, by setting; null returns to the environment's value. */
export type SettingsDraft = Readonly<Partial<Record<SettingName, string | null>>>;

export type SettingProblem = "notANumber" | "notWhole" | "outOfBounds";

export interface DraftedChanges {
  /** What differs from the values in force. */
  readonly patch: HeatSettingsPatch;
  readonly problems: Readonly<Partial<Record<NumberSettingName, SettingProblem>>>;
}

/** What a draft would change in these settings, and which of its numbers are wrong. */
export function changesOf(draft: SettingsDraft, settings: HeatSettings): DraftedChanges {
  const patch: Record<string, number | string | null> = {};
  const problems: Partial<Record<NumberSettingName, SettingProblem>> = {};
  for (const name of SETTING_NAMES) {
    const drafted = draft[name];
    if (drafted === undefined) continue;
    if (drafted === null) {
      if (settings[name].source === "operator") patch[name] = null;
    } else if (isChoice(name)) {
      if (drafted !== settings[name].value) patch[name] = drafted;
    } else {
      const problem = problemOf(drafted, BOUNDS[name]);
      if (problem !== null) problems[name] = problem;
      else if (Number(drafted) !== settings[name].value) patch[name] = Number(drafted);
    }
  }
  return { patch, problems };
}

/** What the operator has changed since `saved` was sent: it stays a draft. */
export function draftAfter(saved: SettingsDraft, draft: SettingsDraft): SettingsDraft {
  return Object.fromEntries(
    SETTING_NAMES.flatMap((name) => {
      const drafted = draft[name];
      return drafted === undefined || drafted === saved[name] ? [] : [[name, drafted]];
    }),
  );
}

function problemOf(typed: string, { min, max, isAboveMin, isWhole }: Bounds): SettingProblem | null {
  const value = typed.trim() === "" ? NaN : Number(typed);
  if (!Number.isFinite(value)) return "notANumber";
  if (isWhole === true && !Number.isInteger(value)) return "notWhole";
  if (value < min || value > max || (isAboveMin === true && value === min)) return "outOfBounds";
  return null;
}
