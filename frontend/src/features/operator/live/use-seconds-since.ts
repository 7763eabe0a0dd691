import { useEffect, useReducer } from "react";
import { useServices } from "@/ui/services-context";

const TICK_MS = 1_000;

/** Whole seconds since `atMs`, a time of the app's clock, counting up; 0 if it is null. */
export function useSecondsSince(atMs: number | null): number {
  const { clock } = useServices();
  const [, render] = useReducer((renders: number) => renders + 1, 0);
  useEffect(() => {
    if (atMs === null) return;
    const timer = setInterval(render, TICK_MS);
    return () => clearInterval(timer);
  }, [atMs]);
  return atMs === null ? 0 : Math.max(0, Math.floor((clock.now() - atMs) / 1_000));
}
