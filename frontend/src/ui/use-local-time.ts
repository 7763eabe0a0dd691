import { useSyncExternalStore } from "react";
import type { LocalTime } from "@/lib/local-time";
import { useServices } from "./services-context";

/** Formats times for the reader. The component renders again when the time zone, the locale or the day changes. */
export function useLocalTime(): LocalTime {
  const { localTime } = useServices();
  return useSyncExternalStore(localTime.subscribe, localTime.getSnapshot);
}
