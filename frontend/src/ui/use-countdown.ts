import { useEffect, useReducer } from "react";

const TICK_MS = 250;

/** Whole seconds until `atMs` (ms since the epoch), counting down; 0 once it has passed, or if it is null. */
export function useCountdown(atMs: number | null): number {
  const [, render] = useReducer((renders: number) => renders + 1, 0);
  useEffect(() => {
    if (atMs === null) return;
    const timer = setInterval(() => {
      render();
      if (Date.now() >= atMs) clearInterval(timer);
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [atMs]);
  // Reads the clock itself: a time kept in the state would be old when a new countdown begins.
  return atMs === null ? 0 : Math.max(0, Math.ceil((atMs - Date.now()) / 1_000));
}
