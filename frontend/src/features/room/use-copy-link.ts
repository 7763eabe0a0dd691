import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { copyText } from "@/lib/clipboard";
import { useOpenRoom } from "@/ui/room-context";

const SHOWN_MS = 2_000;

interface CopyLink {
  /** The link was copied within the last two seconds. */
  readonly isCopied: boolean;
  readonly copyLink: () => void;
}

/** Copies the address of the open room. A toast says so if the browser refuses. */
export function useCopyLink(): CopyLink {
  const { t } = useTranslation();
  const { roomId, toast } = useOpenRoom();
  const [isCopied, setIsCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setIsCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return {
    isCopied,
    copyLink: () =>
      void copyText(`${location.origin}/rooms/${roomId}`).then(
        () => setIsCopied(true),
        () => toast(t("message.copyFailed")),
      ),
  };
}
