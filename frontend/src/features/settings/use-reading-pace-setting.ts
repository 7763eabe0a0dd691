import { useState } from "react";
import { readReadingPace, saveReadingPace, type ReadingPace } from "@/lib/reading-pace";
import { useOpenRoom } from "@/ui/room-context";

export interface ReadingPaceSetting {
  readonly pace: ReadingPace;
  readonly choose: (pace: ReadingPace) => void;
}

/** The reading pace of this browser. A choice applies to the open room at once. */
export function useReadingPaceSetting(): ReadingPaceSetting {
  const { view } = useOpenRoom();
  const [pace, setPace] = useState(readReadingPace);
  return {
    pace,
    choose: (chosen) => {
      saveReadingPace(chosen);
      setPace(chosen);
      view.setReadingPace(chosen);
    },
  };
}
