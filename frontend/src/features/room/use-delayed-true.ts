import { useEffect, useState } from "react";

/** True once `value` has been true for `delayMs` without a break; false as soon as it is false. */
export function useDelayedTrue(value: boolean, delayMs: number): boolean {
  const [hasLasted, setHasLasted] = useState(false);
  useEffect(() => {
    if (!value) {
      setHasLasted(false);
      return;
    }
    const timer = setTimeout(() => setHasLasted(true), delayMs);
    return () => clearTimeout(timer);
  }, [value, delayMs]);
  return hasLasted && value;
}
