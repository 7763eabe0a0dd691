/** Whether the reader wants compact rows: always, never, or in crowded rooms. */
import type { DensityChoice } from "./room-view/row-density";
import { readStored, writeStored } from "./safe-storage";

const KEY = "hotchat.density";

export function readDensityChoice(): DensityChoice {
  const stored = readStored(KEY);
  return stored === "comfortable" || stored === "compact" ? stored : "auto";
}

export const saveDensityChoice = (choice: DensityChoice): void => void writeStored(KEY, choice);
