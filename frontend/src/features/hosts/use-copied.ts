import { useState } from "react";
import { copyText } from "@/lib/clipboard";

export interface Copied {
  readonly state: "idle" | "copied" | "refused";
  readonly copy: () => void;
}

/** Copies a text, and keeps whether that worked. */
export function useCopied(text: string): Copied {
  const [state, setState] = useState<Copied["state"]>("idle");
  return {
    state,
    copy: () =>
      void copyText(text).then(
        () => setState("copied"),
        () => setState("refused"),
      ),
  };
}
