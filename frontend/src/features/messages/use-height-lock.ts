import { useCallback, useLayoutEffect, useRef, useState, type RefCallback } from "react";
import type { Message } from "@/lib/contract/types";

export interface HeightLock {
  /** Takes the element whose height is locked. */
  readonly element: RefCallback<HTMLDivElement>;
  /** The locked height; null while the element has its own. */
  readonly heightPx: number | null;
  readonly unlock: () => void;
}

/** Keeps a row's height when another person edits or deletes it; the reader decides when to expand it. */
export function useHeightLock(message: Message, isMine: boolean): HeightLock {
  const attached = useRef<HTMLDivElement>(null);
  const drawnPx = useRef<number | null>(null);
  const seen = useRef({ text: message.text, deleted: message.deleted });
  const [heightPx, setHeightPx] = useState<number | null>(null);
  // A row also grows without a render: the reader expands it, its quote loads, or the window becomes narrower.
  const element = useCallback((bubble: HTMLDivElement) => {
    attached.current = bubble;
    const observer = new ResizeObserver(() => {
      drawnPx.current = heightOf(bubble);
    });
    observer.observe(bubble);
    return () => {
      observer.disconnect();
      attached.current = null;
    };
  }, []);
  useLayoutEffect(() => {
    const hasChanged = seen.current.text !== message.text || seen.current.deleted !== message.deleted;
    seen.current = { text: message.text, deleted: message.deleted };
    if (!hasChanged || isMine || attached.current === null || drawnPx.current === null) return;
    if (heightOf(attached.current) !== drawnPx.current) setHeightPx(drawnPx.current);
  }, [message, isMine]);
  return { element, heightPx, unlock: () => setHeightPx(null) };
}

/** Fractions of a pixel count: a locked row must keep its exact height. */
const heightOf = (element: HTMLDivElement): number => element.getBoundingClientRect().height;
