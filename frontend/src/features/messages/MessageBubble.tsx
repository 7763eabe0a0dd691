import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { MessageText } from "@/ui/user-text/MessageText";
import { QuotedMessage } from "./QuotedMessage";
import type { HeightLock } from "./use-height-lock";
import * as css from "./messages.module.css";

interface MessageBubbleProps {
  message: Message;
  lock: HeightLock;
  title: string;
}

/** The text of a message with the message it replies to. A locked bubble fades out at its old height. */
export function MessageBubble({ message, lock, title }: MessageBubbleProps) {
  const { t } = useTranslation();
  const { element, heightPx, unlock } = lock;
  return (
    <div
      ref={element}
      className={`${css.bubble} ${message.deleted ? css.bubbleDeleted : ""} ${heightPx === null ? "" : css.bubbleLocked}`}
      data-testid="bubble"
      style={heightPx === null ? undefined : { height: heightPx }}
      title={title}
    >
      {message.deleted ? (
        <p className="quiet">{t("message.deleted")}</p>
      ) : (
        <>
          {message.reply_to !== null && (
            <ErrorBoundary resetKey={message.reply_to} fallback={null}>
              <QuotedMessage messageId={message.reply_to} />
            </ErrorBoundary>
          )}
          <MessageText text={message.text} />
          {message.edited_at !== null &&
            (heightPx === null ? (
              <span className={css.edited}>{t("message.edited")}</span>
            ) : (
              <button type="button" className={css.editedShow} onClick={unlock}>
                {t("message.editedShow")}
              </button>
            ))}
        </>
      )}
    </div>
  );
}
