import { PinOff } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { IconButton } from "@/ui/IconButton";
import { MessageLink, MessageLinks } from "@/ui/MessageLink";

interface PinnedMessagesProps {
  messages: readonly Message[];
  onOpen: (message: Message) => void;
  /** Null for a reader who may not unpin. */
  onUnpin: ((message: Message) => void) | null;
}

/** A list of pinned messages, with a button that unpins each. */
export function PinnedMessages({ messages, onOpen, onUnpin }: PinnedMessagesProps) {
  const { t } = useTranslation();
  return (
    <>
      {messages.length === 0 && <p className="quiet">{t("pinned.none")}</p>}
      <MessageLinks>
        {messages.map((message) => (
          <li key={message.id}>
            <ErrorBoundary resetKey={message} fallback={null}>
              <MessageLink message={message} onOpen={() => onOpen(message)} />
            </ErrorBoundary>
            {onUnpin !== null && (
              <IconButton
                icon={PinOff}
                size={15}
                label={t("message.unpin")}
                onClick={() => onUnpin(message)}
              />
            )}
          </li>
        ))}
      </MessageLinks>
    </>
  );
}
