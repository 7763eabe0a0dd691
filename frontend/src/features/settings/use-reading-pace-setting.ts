import { useSyncExternalStore } from "react";
import type { ReadingPace } from "@/lib/reading-pace";
import { useServices } from "@/ui/services-context";

export interface ReadingPaceSetting {
  readonly pace: ReadingPace;
  readonly choose: (pace: ReadingPace) => void;
}

/** The reading pace of this browser. A choice applies to the open rooms of all its tabs at once. */
export function useReadingPaceSetting(): ReadingPaceSetting {
  const { readingPace } = useServices();
  const pace = useSyncExternalStore(readingPace.subscribe, readingPace.getSnapshot);
  return { pace, choose: readingPace.choose };
}
