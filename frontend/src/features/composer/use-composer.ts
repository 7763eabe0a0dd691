import { useImperativeHandle, useRef, useState, type KeyboardEvent, type Ref, type RefObject } from "react";
import { useTranslation } from "react-i18next";
import { v4 as uuid } from "uuid";
import { errorMessage } from "@/lib/api/error-message";
import type { Completion } from "@/lib/completion/completion";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import { useServices, useSession } from "@/ui/services-context";
import type { ComposerContext, ComposerHandle } from "./composer-context";
import { useCompletions, type CompletionState } from "./use-completions";
import { useComposerText } from "./use-composer-text";
import { useSlowMode } from "./use-slow-mode";
import { useTypingSignal } from "./use-typing-signal";

const TEXT_MAX = 4_000; // code points after trimming, as the server counts them

export interface ComposerOptions {
  screen: RoomScreen;
  context: ComposerContext;
  setContext: (context: ComposerContext) => void;
  editLastMessage: () => void;
  ref: Ref<ComposerHandle>;
}

/** The state of the composer and what the writer can do with it. */
export interface ComposerState {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  /** Code points over the limit; 0 or less when the text fits. */
  readonly excess: number;
  /** Seconds until slow mode allows the next message. */
  readonly slowS: number;
  readonly canSubmit: boolean;
  /** Why the server refused the edit. */
  readonly refusal: string | null;
  readonly completions: CompletionState;
  readonly isAskingForName: boolean;
  readonly focus: () => void;
  readonly typed: (text: string) => void;
  readonly pressed: (event: KeyboardEvent) => void;
  readonly insert: (completion: Insertion) => void;
  readonly insertAtCaret: (insert: string) => void;
  readonly submit: () => void;
  readonly leaveContext: () => void;
}

type Insertion = Pick<Completion, "insert" | "from" | "to">;

export function useComposer({
  screen,
  context,
  setContext,
  editLastMessage,
  ref,
}: ComposerOptions): ComposerState {
  const { t } = useTranslation();
  const { roomId } = useOpenRoom();
  const { api, outbox, session } = useServices();
  const { isAskingForName } = useSession();
  const field = useRef<HTMLTextAreaElement>(null);
  const { text, write, restoreDraft } = useComposerText(roomId, context, field);
  const [refusal, setRefusal] = useState<string | null>(null);
  const slow = useSlowMode(screen);
  const signalTyping = useTypingSignal(roomId, screen);
  const completions = useCompletions(field, text, screen);
  const trimmed = text.trim().normalize("NFC");
  const excess = Array.from(trimmed).length - TEXT_MAX;
  const canSubmit = trimmed !== "" && excess <= 0 && slow.seconds === 0;

  const focus = () => field.current?.focus();
  useImperativeHandle(ref, () => ({ focus: () => field.current?.focus() }));

  const change = (next: string) => {
    setRefusal(null);
    write(next);
  };

  const leaveContext = () => {
    setRefusal(null);
    if (context?.kind === "edit") restoreDraft();
    setContext(null);
  };

  const submit = () => {
    if (!canSubmit) return;
    if (context?.kind === "edit") {
      void saveEdit(context.message.id, context.message.text);
      return;
    }
    session.withName(() => {
      outbox.add({ clientId: uuid(), roomId, text: trimmed, replyTo: context?.message.id ?? null });
      slow.sent();
      change("");
      setContext(null);
      focus();
    });
  };

  /** A refused edit stays in the field, with the reason below it. */
  const saveEdit = async (messageId: string, before: string) => {
    try {
      if (trimmed !== before) await api.edit(roomId, messageId, trimmed);
      leaveContext();
    } catch (error) {
      setRefusal(errorMessage(t, error, t("composer.editFailed")));
    }
  };

  const insert = ({ insert: inserted, from, to }: Insertion) => {
    change(text.slice(0, from) + inserted + text.slice(to));
    requestAnimationFrame(() => {
      const caret = from + inserted.length;
      focus();
      field.current?.setSelectionRange(caret, caret);
    });
  };

  const pressed = (event: KeyboardEvent) => {
    if (completions.pressed(event, insert)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      if (!isAskingForName) submit();
    } else if (event.key === "ArrowUp" && text === "") {
      event.preventDefault();
      editLastMessage();
    } else if (event.key === "Escape" && context !== null) {
      event.stopPropagation();
      leaveContext();
    }
  };

  return {
    field,
    text,
    excess,
    slowS: slow.seconds,
    canSubmit,
    refusal,
    completions,
    isAskingForName,
    focus,
    typed: (next) => {
      change(next);
      completions.caretMoved(); // a phone's keyboard may change the text without a key event
      signalTyping();
    },
    pressed,
    insert,
    insertAtCaret: (inserted) => {
      const from = field.current?.selectionStart ?? text.length;
      insert({ insert: inserted, from, to: field.current?.selectionEnd ?? from });
    },
    submit,
    leaveContext,
  };
}
