import { useEffect, useState } from "react";
import { copyText } from "@/lib/clipboard";

const SHOWN_MS = 2_000;

interface CopyLink {
  /** The link was copied within the last two seconds. */
  readonly isCopied: boolean;
  readonly copyLink: () => void;
}

/** Copies the address of a room. */
export function useCopyLink(roomId: string): CopyLink {
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return {
    isCopied,
    copyLink: () => void copyText(`${location.origin}/rooms/${roomId}`).then(() => setIsCopied(true)),
  };
}
