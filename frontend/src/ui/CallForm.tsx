import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
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
        <>
          <label className="field">
            <span>{t("composer.nameTitle")}</span>
            <input
              value={nickname}
              required
              dir="auto"
              aria-invalid={props.nicknameRefusal !== null}
              aria-describedby="call-nickname-problem"
              onChange={(event) => props.setNickname(textAfterInput(event))}
            />
          </label>
          <p id="call-nickname-problem" className="error" role="alert">
            {props.nicknameRefusal}
          </p>
        </>
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
