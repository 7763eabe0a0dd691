import { useSyncExternalStore } from "react";
import type { Author } from "@/lib/contract/types";
import { useServices } from "@/ui/services-context";

export interface IgnoredSetting {
  /** With the nickname that each person had when they were ignored; the latest first. */
  readonly people: readonly Author[];
  readonly stopIgnoring: (userId: string) => void;
}

/** The people the reader ignores. */
export function useIgnoredSetting(): IgnoredSetting {
  const { ignored } = useServices();
  const nicknames = useSyncExternalStore(ignored.subscribe, ignored.getSnapshot);
  return {
    people: [...nicknames].map(([id, nickname]) => ({ id, nickname })).reverse(),
    stopIgnoring: (userId) => ignored.stopIgnoring(userId),
  };
}
