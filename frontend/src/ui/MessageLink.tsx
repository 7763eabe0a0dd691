import type { ReactNode } from "react";
import type { Message } from "@/lib/contract/types";
import { OneLine, PersonName } from "@/ui/user-text/UserText";
import { useLocalTime } from "./use-local-time";
import * as css from "./MessageLink.module.css";

/** The list of a dialog. Its items hold one MessageLink each. */
export const MessageLinks = ({ children }: { children: ReactNode }) => (
  <ul className={css.messageLinks}>{children}</ul>
);

/** A message in a dialog: author, time and first lines. A click opens it. */
export function MessageLink({ message, onOpen }: { message: Message; onOpen: () => void }) {
  const { exactTime } = useLocalTime();
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
