import { useCallback, useEffect, useState } from "react";

const SHOWN_MS = 4_000;

/** The words of the toast, null while it is hidden, and a function that shows a toast for four seconds. */
export function useToast(): [string | null, (words: string) => void] {
  const [toast, setToast] = useState<{ readonly words: string } | null>(null);
  useEffect(() => {
    if (toast === null) return;
    const timer = setTimeout(() => setToast(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [toast]);
  // A new object each time, so that the same words restart the four seconds.
  const show = useCallback((words: string) => setToast({ words }), []);
  return [toast?.words ?? null, show];
}
