import {
  useEffect,
  useImperativeHandle,
  useRef,
  useSyncExternalStore,
  type ChangeEvent,
  type KeyboardEvent,
  type Ref,
  type RefObject,
} from "react";
import type { Completion } from "@/lib/completion/completion";
import {
  statusOf,
  TEXT_MAX,
  textOf,
  toSend,
  type ComposerState,
  type ComposerStatus,
  type Refusal,
} from "@/lib/composer/composer-machine";
import { textAfterInput } from "@/lib/pasted-text";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { cleaned, messageProblem } from "@/lib/text/allowed-characters";
import { useOpenRoom } from "@/ui/room-context";
import { useServices, useSession } from "@/ui/services-context";
import type { ComposerHandle } from "./composer-handle";
import { useCompletions, type CompletionState } from "./use-completions";
import { useFieldHeight } from "./use-field-height";
import { useFollowedMessage } from "./use-followed-message";
import { useSlowMode, type SlowMode } from "./use-slow-mode";
import { useTypingSignal } from "./use-typing-signal";

export interface ComposerOptions {
  screen: RoomScreen;
  editLastMessage: () => void;
  ref: Ref<ComposerHandle>;
}

/** The composer as it is rendered, and what the writer can do with it. */
export interface ComposerView extends Pick<ComposerState, "draft" | "edit"> {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  readonly text: string;
  readonly status: ComposerStatus;
  /** Characters to remove until the text fits; 0 when it does. */
  readonly excess: number;
  readonly slowMode: SlowMode;
  readonly canSubmit: boolean;
  readonly refusal: Refusal | null;
  readonly completions: CompletionState;
  readonly isAskingForName: boolean;
  readonly changed: (event: ChangeEvent<HTMLTextAreaElement>) => void;
  readonly pressed: (event: KeyboardEvent) => void;
  readonly insert: (completion: Insertion) => void;
  readonly insertAtCaret: (insert: string) => void;
  readonly submit: () => void;
  readonly leaveContext: () => void;
}

type Insertion = Pick<Completion, "insert" | "from" | "to">;

export function useComposer({ screen, editLastMessage, ref }: ComposerOptions): ComposerView {
  const { roomId } = useOpenRoom();
  const composer = useServices().composers.of(roomId);
  const state = useSyncExternalStore(composer.subscribe, composer.getSnapshot);
  const { isAskingForName } = useSession();
  const field = useRef<HTMLTextAreaElement>(null);
  const text = textOf(state);
  const slowMode = useSlowMode(screen, composer, state);
  const signalTyping = useTypingSignal(roomId, screen);
  const completions = useCompletions(field, text, screen);
  const excess = excessOf(text);
  const hasContext = state.edit !== null || state.draft.replyTo !== null;

  useFollowedMessage(composer, state, screen);
  useEffect(() => () => composer.dispatch({ type: "room-left" }), [composer]);
  useFocusRequests(field, state.focusRequests, isAskingForName);
  useFieldHeight(field, text);
  useImperativeHandle(ref, () => ({ focus: () => field.current?.focus() }));

  const moveCaret = (caret: number) =>
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(caret, caret);
    });

  const submit = () => {
    if (slowMode.waitS === 0) composer.submit();
    field.current?.focus();
  };

  const leaveContext = () => composer.dispatch({ type: "left" });

  const insert = ({ insert: inserted, from, to }: Insertion) => {
    composer.dispatch({ type: "typed", text: text.slice(0, from) + inserted + text.slice(to) });
    moveCaret(from + inserted.length);
  };

  const changed = (event: ChangeEvent<HTMLTextAreaElement>) => {
    const { target } = event;
    const next = textAfterInput(event);
    if (next !== target.value) moveCaret(cleaned(target.value.slice(0, target.selectionEnd)).length);
    composer.dispatch({ type: "typed", text: next });
    completions.caretMoved(); // a phone's keyboard may change the text without a key event
    signalTyping();
  };

  const pressed = (event: KeyboardEvent) => {
    if (completions.pressed(event, insert)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && text === "") {
      event.preventDefault();
      editLastMessage();
    } else if (event.key === "Escape" && hasContext) {
      event.stopPropagation();
      leaveContext();
    }
  };

  return {
    draft: state.draft,
    edit: state.edit,
    field,
    text,
    status: statusOf(state),
    excess,
    slowMode,
    canSubmit:
      text.trim() !== "" &&
      excess === 0 &&
      slowMode.waitS === 0 &&
      state.block === null &&
      state.phase.name !== "sending",
    refusal: state.phase.name === "refused" ? state.phase.refusal : null,
    completions,
    isAskingForName,
    changed,
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

function excessOf(text: string): number {
  if (text.length <= TEXT_MAX) return 0;
  const problem = messageProblem(toSend(text), TEXT_MAX);
  return problem?.kind === "length" ? problem.remove : 0;
}

/** Moves the focus to the field on request, and back to it once the nickname prompt has closed. */
function useFocusRequests(
  field: RefObject<HTMLTextAreaElement | null>,
  requests: number,
  isAskingForName: boolean,
): void {
  const handled = useRef({ requests, isAskingForName });
  useEffect(() => {
    const before = handled.current;
    if (requests !== before.requests || (before.isAskingForName && !isAskingForName)) field.current?.focus();
    handled.current = { requests, isAskingForName };
  }, [field, requests, isAskingForName]);
}
