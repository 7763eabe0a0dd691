import { useEffect } from "react";
import { useConfig } from "@/ui/use-config";

/** Passes on the kinds of reactions that the server accepts, once they are known. */
export function useReactionKinds(setKinds: (kinds: readonly string[]) => void): void {
  const kinds = useConfig()?.reaction_kinds;
  useEffect(() => {
    if (kinds !== undefined) setKinds(kinds);
  }, [kinds, setKinds]);
}
