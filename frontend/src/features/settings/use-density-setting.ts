import { useState } from "react";
import { readDensityChoice, saveDensityChoice } from "@/lib/density-choice";
import type { DensityChoice } from "@/lib/room-view/row-density";
import { useOpenRoom } from "@/ui/room-context";

export interface DensitySetting {
  readonly density: DensityChoice;
  readonly choose: (density: DensityChoice) => void;
}

/** The density of rows in this browser. A choice applies to the open room at once. */
export function useDensitySetting(): DensitySetting {
  const { view } = useOpenRoom();
  const [density, setDensity] = useState(readDensityChoice);
  return {
    density,
    choose: (chosen) => {
      saveDensityChoice(chosen);
      setDensity(chosen);
      view.setDensityChoice(chosen);
    },
  };
}
