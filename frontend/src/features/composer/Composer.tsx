import { SendHorizontal, X } from "lucide-react";
import { useEffect, useImperativeHandle, useRef, useState, type KeyboardEvent, type Ref } from "react";
import { useTranslation } from "react-i18next";
import { v4 as uuid } from "uuid";
import { errorMessage } from "@/lib/api/error-message";
import type { Message } from "@/lib/contract/types";
import { IconButton } from "@/ui/IconButton";
import { shownName } from "@/lib/text/shown-name";
import { OneLine } from "@/ui/user-text/UserText";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useServices, useSession, useViewer } from "@/ui/services-context";
import { completionAria, Completions, type Completion } from "./Completions";
import { readDraft, saveDraft } from "./drafts";
import { EmojiButton } from "./EmojiButton";
import { NameForm } from "@/features/session/NameForm";
import { useOpenRoom } from "@/ui/room-context";
import { useCompletions } from "./use-completions";
import { useSlowMode } from "./use-slow-mode";
import { useTypingSignal } from "./use-typing-signal";
import * as css from "./composer.module.css";

const TEXT_MAX = 4_000;

export interface ComposerHandle {
  focus(): void;
}

/** What the writing is about: a message to answer or to change. */
export type ComposerContext = { readonly kind: "reply" | "edit"; readonly message: Message } | null;

interface ComposerProps {
  screen: RoomScreen;
  context: ComposerContext;
  setContext: (context: ComposerContext) => void;
  editLastMessage: () => void;
  ref: Ref<ComposerHandle>;
}

export function Composer({ screen, context, setContext, editLastMessage, ref }: ComposerProps) {
  const { t } = useTranslation();
  const { roomId } = useOpenRoom();
  const { api, outbox, session } = useServices();
  const { isAskingForName } = useSession();
  const [text, setText] = useState(() => readDraft(roomId));
  const [refusal, setRefusal] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const slow = useSlowMode(screen);
  const signalTyping = useTypingSignal(roomId, screen);
  const completions = useCompletions(field, text, screen);
  const isEditing = context?.kind === "edit";
  const excess = Array.from(text.trim().normalize("NFC")).length - TEXT_MAX;
  const roomName = shownName(screen.feed.room?.name ?? roomId, t("room.untitled"));
  const authorOf = (message: Message) => shownName(message.author.nickname, t("person.unnamed"));

  useImperativeHandle(ref, () => ({ focus: () => field.current?.focus() }));

  // Signing out clears the drafts, this one too; a session that ran out does not.
  const isSomebody = useViewer() !== null;
  useEffect(() => {
    if (!isSomebody && !isEditing) setText(readDraft(roomId));
  }, [isSomebody, isEditing, roomId]);

  const contextMessage = context?.message;
  useEffect(() => {
    if (contextMessage === undefined) return;
    if (isEditing) setText(contextMessage.text);
    field.current?.focus();
  }, [contextMessage, isEditing]);

  const write = (next: string) => {
    setText(next);
    setRefusal(null);
    if (!isEditing) saveDraft(roomId, next);
  };

  const leaveContext = () => {
    setRefusal(null);
    if (isEditing) setText(readDraft(roomId));
    setContext(null);
  };

  const submit = () => {
    const trimmed = text.trim().normalize("NFC");
    if (trimmed === "" || excess > 0 || slow.seconds > 0) return;
    if (isEditing) {
      if (trimmed === context.message.text) leaveContext();
      else void saveEdit(context, trimmed);
      return;
    }
    session.withName(() => {
      outbox.add({ clientId: uuid(), roomId, text: trimmed, replyTo: context?.message.id ?? null });
      slow.sent();
      write("");
      setContext(null);
      field.current?.focus();
    });
  };

  /** A refused edit stays in the field, and says why. */
  const saveEdit = async (edited: NonNullable<ComposerContext>, trimmed: string) => {
    try {
      await api.edit(roomId, edited.message.id, trimmed);
      leaveContext();
    } catch (error) {
      setRefusal(errorMessage(t, error, t("composer.editFailed")));
    }
  };

  const pressed = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return; // Enter ends a Korean or Japanese syllable first
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

  function insert(completion: Pick<Completion, "insert" | "from" | "to">) {
    const next = text.slice(0, completion.from) + completion.insert + text.slice(completion.to);
    write(next);
    requestAnimationFrame(() => {
      const caret = completion.from + completion.insert.length;
      field.current?.focus();
      field.current?.setSelectionRange(caret, caret);
    });
  }

  return (
    <div className={css.composer}>
      <TypingLine screen={screen} />
      {context !== null && (
        <div className={css.composerContext}>
          <span>
            {context.kind === "edit"
              ? t("composer.editing")
              : t("message.replyingTo", { name: authorOf(context.message) })}
            {context.kind === "reply" && (
              <>
                {" "}
                <OneLine of={context.message.text} className="quiet" />
              </>
            )}
          </span>
          <IconButton icon={X} size={15} label={t("app.cancel")} onClick={leaveContext} />
        </div>
      )}
      {isAskingForName && <NameForm canSend={text.trim() !== ""} onDone={() => field.current?.focus()} />}
      <Completions state={completions} onPick={insert} />
      <form
        className={css.composerBox}
        onSubmit={(event) => {
          event.preventDefault();
          submit();
        }}
      >
        <textarea
          ref={field}
          rows={1}
          value={text}
          dir="auto"
          placeholder={t("composer.placeholder", { room: roomName })}
          aria-label={t("composer.placeholder", { room: roomName })}
          aria-describedby="composer-hint"
          enterKeyHint="send"
          onChange={(event) => {
            write(event.target.value);
            completions.caretMoved(); // a phone's keyboard may write without any key
            signalTyping();
          }}
          onKeyDown={pressed}
          onSelect={completions.caretMoved}
          {...completionAria(completions)}
        />
        <EmojiButton
          onPick={(emoji) => {
            const at = field.current?.selectionStart ?? text.length;
            insert({ insert: emoji, from: at, to: field.current?.selectionEnd ?? at });
          }}
        />
        <button
          type="submit"
          className={`${css.sendButton} tabular`}
          disabled={text.trim() === "" || excess > 0 || slow.seconds > 0}
          aria-label={
            slow.seconds > 0
              ? t("composer.slow", { seconds: slow.seconds })
              : isEditing
                ? t("composer.save")
                : t("composer.send")
          }
        >
          {slow.seconds > 0 ? slow.seconds : <SendHorizontal size={18} aria-hidden="true" />}
        </button>
      </form>
      {refusal !== null && (
        <p className={`${css.composerHint} error`} role="alert">
          {refusal}
        </p>
      )}
      <p id="composer-hint" className={excess > 0 ? `${css.composerHint} error` : "visually-hidden"}>
        {excess > 0 ? t("composer.tooLong", { count: excess }) : t("composer.keyHint")}
      </p>
    </div>
  );
}

/** Who writes, on a line that is always there; silent in a hot room. */
function TypingLine({ screen }: { screen: RoomScreen }) {
  const { t } = useTranslation();
  const { viewer } = useSession();
  const room = screen.feed.room;
  const [isFresh, setIsFresh] = useState(false);
  const atMs = room?.typing.atMs ?? 0;
  useEffect(() => {
    if (atMs === 0) return;
    setIsFresh(true);
    const timer = setTimeout(() => setIsFresh(false), 5_000);
    return () => clearTimeout(timer);
  }, [atMs]);
  const others = (room?.typing.users ?? []).filter((user) => user.id !== viewer?.id);
  const names = others.map((user) => shownName(user.nickname, t("person.unnamed")));
  const isShown = isFresh && names.length > 0 && room?.heat.hot !== true;
  return (
    <div className={css.typingLine} data-testid="typing-line" aria-hidden={!isShown}>
      {isShown &&
        (names.length > 3
          ? t("composer.typingMany")
          : t("composer.typing", { count: names.length, names: names.join(", ") }))}
    </div>
  );
}
