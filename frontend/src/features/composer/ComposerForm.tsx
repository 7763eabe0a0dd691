import { SendHorizontal } from "lucide-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

import { TEXT_MAX } from "@/lib/composer/composer-machine";
import { nameInSentence } from "@/lib/text/shown-name";
import { completionAria, Completions } from "./Completions";
import { ContextLine } from "./ContextLine";
import { EmojiButton } from "./EmojiButton";
import { LazyNicknamePrompt } from "./LazyNicknamePrompt";
import { TypingLine } from "./TypingLine";
import { refusalWords } from "./refusal-words";
import type { ComposerView } from "./use-composer";
import * as css from "./composer.module.css";

interface ComposerFormProps {
  composer: ComposerView;
  roomName: string;
  typingNames: readonly string[];
  /** Says why the reader has to wait, and why they may not write. */
  notes: ReactNode;
}

/** The field, its buttons, and the lines around them. */
export function ComposerForm({ composer, roomName, typingNames, notes }: ComposerFormProps) {
  const { t } = useTranslation();
  const { text, status, draft, edit, excess, slowMode, refusal, completions } = composer;
  const slowS = slowMode.waitS;
  const placeholder = t("composer.placeholder", { room: nameInSentence(roomName, t("room.untitled")) });
  return (
    <div className={css.composer}>
      <TypingLine names={typingNames} />
      <ContextLine draft={draft} edit={edit} onLeave={composer.leaveContext} />
      {composer.isAskingForName && (
        <LazyNicknamePrompt willSend={status === "naming" && text.trim() !== ""} />
      )}
      <Completions state={completions} onPick={composer.insert} />
      <form
        className={css.composerBox}
        onSubmit={(event) => {
          event.preventDefault();
          composer.submit();
        }}
      >
        <textarea
          ref={composer.field}
          rows={1}
          value={text}
          dir="auto"
          placeholder={placeholder}
          aria-label={placeholder}
          aria-describedby="composer-hint"
          enterKeyHint="send"
          onChange={composer.changed}
          onKeyDown={composer.pressed}
          onSelect={completions.caretMoved}
          {...completionAria(completions)}
        />
        <EmojiButton onPick={composer.insertAtCaret} />
        <button
          type="submit"
          className={`${css.sendButton} tabular`}
          disabled={!composer.canSubmit}
          aria-label={
            slowS > 0
              ? t("composer.slow", { seconds: slowS })
              : edit?.kind === "message"
                ? t("composer.save")
                : t("composer.send")
          }
        >
          {slowS > 0 ? slowS : <SendHorizontal size={18} aria-hidden="true" />}
        </button>
      </form>
      {notes}
      {refusal !== null && (
        <p className={`${css.composerHint} error`} role="alert">
          {refusalWords(t, refusal)}
        </p>
      )}
      <p id="composer-hint" className={excess > 0 ? `${css.composerHint} error` : "visually-hidden"}>
        {excess > 0 ? t("textProblem.length", { count: excess, max: TEXT_MAX }) : t("composer.keyHint")}
      </p>
    </div>
  );
}
