import { useEffect, useReducer } from "react";
import { useServices } from "./services-context";

const TICK_MS = 250;

/** Whole seconds until `atMs`, a time of the app's clock, counting down; 0 once it has passed, or if it is null. */
export function useCountdown(atMs: number | null): number {
  const { clock } = useServices();
  const [, render] = useReducer((renders: number) => renders + 1, 0);
  useEffect(() => {
    if (atMs === null) return;
    const timer = setInterval(() => {
      render();
      if (clock.now() >= atMs) clearInterval(timer);
    }, TICK_MS);
    return () => clearInterval(timer);
  }, [clock, atMs]);
  // Reads the clock itself: a time kept in the state would be old when a new countdown begins.
  return atMs === null ? 0 : Math.max(0, Math.ceil((atMs - clock.now()) / 1_000));
}
