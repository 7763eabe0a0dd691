import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { NicknameField } from "./NicknameField";
import type { CallFormView } from "./use-call-form";

interface CallFormProps extends CallFormView {
  /** What the call does. */
  help: string;
  submitWords: string;
}

/** The form of a dialog that makes one call: what it does, and a nickname if the reader has none. */
export function CallForm(props: CallFormProps) {
  const { t } = useTranslation();
  const { nickname, needsNickname } = props;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.submit();
      }}
    >
      <p className="quiet">{props.help}</p>
      {needsNickname && (
        <NicknameField nickname={nickname} setNickname={props.setNickname} refusal={props.nicknameRefusal} />
      )}
      <p className="error" role="alert">
        {props.refusal}
      </p>
      <div className="dialog-buttons">
        <Dialog.Close className="quiet-button">{t("app.cancel")}</Dialog.Close>
        <button
          type="submit"
          className="primary-button"
          disabled={props.isCalling || (needsNickname && nickname.trim() === "")}
        >
          {props.submitWords}
        </button>
      </div>
    </form>
  );
}
