import { useEffect, useState, type RefObject } from "react";
import { useViewer } from "@/ui/services-context";
import type { ComposerContext } from "./composer-context";
import { readDraft, saveDraft } from "./drafts";

interface ComposerText {
  readonly text: string;
  /** Replaces the text, and saves it as the room's draft unless a message is being edited. */
  readonly write: (text: string) => void;
  /** Puts the room's draft back after an edit. */
  readonly restoreDraft: () => void;
}

/** The text in the field: the room's draft, or the message being edited. A new `context` also takes the focus. */
export function useComposerText(
  roomId: string,
  context: ComposerContext,
  field: RefObject<HTMLTextAreaElement | null>,
): ComposerText {
  const [text, setText] = useState(() => readDraft(roomId));
  const isEditing = context?.kind === "edit";

  // Signing out deletes the drafts, so the field must be cleared too. An expired session keeps them.
  const isSignedIn = useViewer() !== null;
  useEffect(() => {
    if (!isSignedIn && !isEditing) setText(readDraft(roomId));
  }, [isSignedIn, isEditing, roomId]);

  const contextMessage = context?.message;
  useEffect(() => {
    if (contextMessage === undefined) return;
    if (isEditing) setText(contextMessage.text);
    field.current?.focus();
  }, [contextMessage, isEditing, field]);

  return {
    text,
    write: (next) => {
      setText(next);
      if (!isEditing) saveDraft(roomId, next);
    },
    restoreDraft: () => setText(readDraft(roomId)),
  };
}
