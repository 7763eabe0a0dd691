import { useLayoutEffect, useRef, useState, type RefObject } from "react";
import type { Message } from "@/lib/contract/types";

export interface HeightLock {
  /** The element whose height is locked. */
  readonly element: RefObject<HTMLDivElement | null>;
  /** The locked height; null while the element has its own. */
  readonly heightPx: number | null;
  readonly unlock: () => void;
}

/** Keeps a row's height when another person edits or deletes it; the reader decides when to expand it. */
export function useHeightLock(message: Message, isMine: boolean): HeightLock {
  const element = useRef<HTMLDivElement>(null);
  const lastPx = useRef<number | null>(null);
  const seen = useRef({ text: message.text, deleted: message.deleted });
  const [heightPx, setHeightPx] = useState<number | null>(null);
  useLayoutEffect(() => {
    // Fractions of a pixel count: a locked row must keep its exact height.
    const currentPx = element.current?.getBoundingClientRect().height ?? null;
    const hasChanged = seen.current.text !== message.text || seen.current.deleted !== message.deleted;
    seen.current = { text: message.text, deleted: message.deleted };
    if (hasChanged && !isMine && lastPx.current !== null && currentPx !== lastPx.current) {
      setHeightPx(lastPx.current);
    } else if (currentPx !== null) {
      lastPx.current = currentPx;
    }
  }, [message, isMine]);
  return { element, heightPx, unlock: () => setHeightPx(null) };
}
