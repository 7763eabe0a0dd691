import type { ReactNode } from "react";
import type { Message } from "@/lib/contract/types";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { OneLine } from "@/ui/user-text/OneLine";
import { PersonName } from "@/ui/user-text/PersonName";
import * as css from "./MessageLinks.module.css";

interface MessageLinksProps {
  readonly messages: readonly Message[];
  readonly exactTime: (time: string) => string;
  readonly onOpen: (message: Message) => void;
  /** Draws a button next to a message. */
  readonly action?: ((message: Message) => ReactNode) | undefined;
}

/** A list of messages in a dialog: author, time and first lines. A click opens a message. */
export function MessageLinks({ messages, exactTime, onOpen, action }: MessageLinksProps) {
  return (
    <ul className={css.messageLinks}>
      {messages.map((message) => (
        <li key={message.id}>
          <ErrorBoundary resetKey={message} fallback={null}>
            <MessageLink message={message} exactTime={exactTime} onOpen={() => onOpen(message)} />
          </ErrorBoundary>
          {action?.(message)}
        </li>
      ))}
    </ul>
  );
}

interface MessageLinkProps {
  readonly message: Message;
  readonly exactTime: (time: string) => string;
  readonly onOpen: () => void;
}

function MessageLink({ message, exactTime, onOpen }: MessageLinkProps) {
  return (
    <button type="button" className={css.messageLink} onClick={onOpen}>
      <span className={css.messageLinkFrom}>
        <PersonName of={message.author} className="nickname" />
        <time dateTime={message.created_at}>{exactTime(message.created_at)}</time>
      </span>
      <OneLine of={message.text} max={400} className={css.messageLinkText} />
    </button>
  );
}
