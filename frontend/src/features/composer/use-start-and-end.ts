import { useEffect, useRef, useState } from "react";

/** The words for the start while something goes on, as they were when it began, and those for its end afterwards. Empty
 * before the first start. */
export function useStartAndEnd(isOn: boolean, start: string, end: string): string {
  const [words, setWords] = useState("");
  const latest = useRef({ start, end, hasBegun: false });
  useEffect(() => {
    latest.current = { ...latest.current, start, end };
  });
  useEffect(() => {
    const { current } = latest;
    if (isOn) {
      current.hasBegun = true;
      setWords(current.start);
    } else if (current.hasBegun) setWords(current.end);
  }, [isOn]);
  return words;
}
