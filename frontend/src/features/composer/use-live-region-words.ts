import { useEffect, useRef, useState } from "react";

/** Words for a live region. While something lasts, they are `start` as it was when that began; afterwards they are `end`.
 * Empty before the first start. */
export function useLiveRegionWords(isOn: boolean, start: string, end: string): string {
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
