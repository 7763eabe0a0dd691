import { PinOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { IconButton } from "@/ui/IconButton";
import { MessageLinks } from "@/ui/MessageLinks";

interface PinnedMessagesProps {
  messages: readonly Message[];
  exactTime: (time: string) => string;
  onOpen: (message: Message) => void;
  /** Null for a reader who may not unpin. */
  onUnpin: ((message: Message) => void) | null;
}

/** A list of pinned messages, with a button that unpins each. */
export function PinnedMessages({ messages, exactTime, onOpen, onUnpin }: PinnedMessagesProps) {
  const { t } = useTranslation();
  if (messages.length === 0) return <p className="quiet">{t("pinned.none")}</p>;
  return (
    <MessageLinks
      messages={messages}
      exactTime={exactTime}
      onOpen={onOpen}
      action={
        onUnpin === null
          ? undefined
          : (message) => (
              <IconButton
                icon={PinOff}
                size={15}
                label={t("message.unpin")}
                onClick={() => onUnpin(message)}
              />
            )
      }
    />
  );
}
