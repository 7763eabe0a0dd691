import type { ReactNode } from "react";
import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { NameField } from "./NameField";
import type { CallFormView } from "./use-call-form";

interface CallFormProps extends CallFormView {
  /** What the call does. */
  help?: string;
  /** The fields of the form other than the nickname. */
  children?: ReactNode;
  /** A required field is empty. */
  isIncomplete?: boolean;
  submitWords: string;
}

/** The form of a dialog that makes one call. It has a field for a nickname if the reader has none. */
export function CallForm({ isIncomplete = false, ...props }: CallFormProps) {
  const { t } = useTranslation();
  const { nickname, needsNickname } = props;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.submit();
      }}
    >
      {props.help !== undefined && <p className="quiet">{props.help}</p>}
      {props.children}
      {needsNickname && (
        <NameField
          words={t("composer.nameTitle")}
          name={nickname}
          setName={props.setNickname}
          refusal={props.nicknameRefusal}
          refusalId="call-nickname-problem"
        />
      )}
      <p className="error" role="alert">
        {props.refusal}
      </p>
      <div className="dialog-buttons">
        <Dialog.Close className="quiet-button">{t("app.cancel")}</Dialog.Close>
        <button
          type="submit"
          className="primary-button"
          disabled={props.isCalling || isIncomplete || (needsNickname && nickname.trim() === "")}
        >
          {props.submitWords}
        </button>
      </div>
    </form>
  );
}
