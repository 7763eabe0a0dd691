import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import type { RecoveryView } from "./use-recovery";

type RecoveryFormProps = Omit<RecoveryView, "roomName" | "isRecovered" | "nextCode">;

/** What the link does, and a nickname if the reader has none. */
export function RecoveryForm(props: RecoveryFormProps) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  const { nickname, needsNickname } = props;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        props.recover();
      }}
    >
      <p className="quiet">{t("recovery.takeOverHelp")}</p>
      {needsNickname && (
        <>
          <label className="field">
            <span>{words("composer.nameTitle")}</span>
            <input
              value={nickname}
              required
              dir="auto"
              aria-invalid={props.nicknameRefusal !== null}
              aria-describedby="recovery-nickname-problem"
              onChange={(event) => props.setNickname(textAfterInput(event))}
            />
          </label>
          <p id="recovery-nickname-problem" className="error" role="alert">
            {props.nicknameRefusal}
          </p>
        </>
      )}
      <p className="error" role="alert">
        {props.refusal}
      </p>
      <div className="dialog-buttons">
        <Dialog.Close className="quiet-button">{words("app.cancel")}</Dialog.Close>
        <button
          type="submit"
          className="primary-button"
          disabled={props.isRecovering || (needsNickname && nickname.trim() === "")}
        >
          {t("recovery.takeOver")}
        </button>
      </div>
    </form>
  );
}

export function RecoveredNotice() {
  const { t } = useTranslation("hosts");
  return <p role="status">{t("recovery.taken")}</p>;
}
