import { RadioChoice } from "./RadioChoice";
import type { DensitySetting } from "./use-density-setting";

const CHOICES = [
  ["auto", "settings.densityAuto", "settings.densityAutoHelp"],
  ["comfortable", "settings.densityComfortable", "settings.densityComfortableHelp"],
  ["compact", "settings.densityCompact", "settings.densityCompactHelp"],
] as const;

/** How tall the rows of the list are. */
export function DensityChoice({ density, choose }: DensitySetting) {
  return (
    <RadioChoice
      name="density"
      legend="settings.density"
      choices={CHOICES}
      chosen={density}
      choose={choose}
    />
  );
}
