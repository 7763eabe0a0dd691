import type { MouseEvent, ReactNode } from "react";
import type { Author } from "@/lib/contract/types";
import { PersonWithTag } from "@/features/hosts/PersonWithTag";
import { AuthorMark } from "@/features/messages/AuthorMark";
import { MessageText } from "@/ui/user-text/MessageText";
import * as css from "./moderation.module.css";

interface QueueItemFrameProps {
  author: Author;
  text: string;
  /** Marks the author as a newcomer; null for others. */
  mark: string | null;
  /** Opens the card of the author. */
  onPerson: () => void;
  /** The time, and why the message is in the queue. */
  about: ReactNode;
  /** What a host decided; null while the item is open. */
  outcome: string | null;
  /** The buttons. */
  children: ReactNode;
}

/** One message that waits for a host: its author, its text, and buttons for the decision. */
export function QueueItemFrame({
  author,
  text,
  mark,
  onPerson,
  about,
  outcome,
  children,
}: QueueItemFrameProps) {
  return (
    <li className={css.item} tabIndex={-1} data-queue-item data-done={outcome !== null || undefined}>
      <div className={css.author}>
        <button type="button" className={css.personButton} aria-keyshortcuts="p" onClick={onPerson}>
          <PersonWithTag of={author} />
        </button>
        {mark !== null && <AuthorMark words={mark} />}
      </div>
      <div className={css.message}>
        <MessageText text={text} />
      </div>
      <p className={css.about}>{about}</p>
      <div className={css.actions}>
        <div className={css.buttons} onClick={focusItem}>
          {children}
        </div>
        <p className={css.outcome} role="status">
          {outcome}
        </p>
      </div>
    </li>
  );
}

/** The outcome replaces the buttons. The item takes their focus, which would otherwise be lost. */
function focusItem({ currentTarget }: MouseEvent<HTMLElement>): void {
  currentTarget.closest<HTMLElement>("[data-queue-item]")?.focus({ preventScroll: true });
}
