import { useEffect, useLayoutEffect, useRef, useState } from "react";

const STEADY_MS = 500;

/** The value, changing on screen at most twice a second: a first change shows at once, later ones wait. */
export function useSteadyValue<T>(value: T): T {
  const [shown, setShown] = useState(value);
  const changedAtMs = useRef(0);
  useLayoutEffect(() => {
    changedAtMs.current = performance.now();
  }, [shown]);
  useEffect(() => {
    if (Object.is(shown, value)) return;
    const waitMs = Math.max(0, changedAtMs.current + STEADY_MS - performance.now());
    const timer = setTimeout(() => setShown(value), waitMs);
    return () => clearTimeout(timer);
  }, [value, shown]);
  return shown;
}
