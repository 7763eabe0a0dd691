import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";

interface NicknameFieldProps {
  nickname: string;
  setNickname: (nickname: string) => void;
  /** What to change in the nickname. */
  refusal: string | null;
}

/** The nickname of a reader without a session, in a form that makes a call. */
export function NicknameField({ nickname, setNickname, refusal }: NicknameFieldProps) {
  const { t } = useTranslation();
  return (
    <>
      <label className="field">
        <span>{t("composer.nameTitle")}</span>
        <input
          value={nickname}
          required
          dir="auto"
          aria-invalid={refusal !== null}
          aria-describedby="call-nickname-problem"
          onChange={(event) => setNickname(textAfterInput(event))}
        />
      </label>
      <p id="call-nickname-problem" className="error" role="alert">
        {refusal}
      </p>
    </>
  );
}
