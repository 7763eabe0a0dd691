import { RadioChoice } from "./RadioChoice";
import type { ReadingPaceSetting } from "./use-reading-pace-setting";

const PACES = [
  ["calm", "settings.calm", "settings.calmHelp"],
  ["light", "settings.light", "settings.lightHelp"],
  ["all", "settings.all", "settings.allHelp"],
] as const;

/** How much of a busy room the reader wants to see. */
export function ReadingPaceChoice({ pace, choose }: ReadingPaceSetting) {
  return (
    <RadioChoice name="reading" legend="settings.reading" choices={PACES} chosen={pace} choose={choose} />
  );
}
