import { Dices } from "lucide-react";
import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import { IconButton } from "@/ui/IconButton";
import * as css from "./session.module.css";

interface NameQuestionFormProps {
  nickname: string;
  isJoining: boolean;
  isRefused: boolean;
  /** Why joining failed, and when it is retried. */
  refusal: string | null;
  /** What is in the composer is sent once there is a name. */
  willSend: boolean;
  onChange: (nickname: string) => void;
  onSuggest: () => void;
  onJoin: () => void;
  onCancel: () => void;
}

/** The field for a nickname, with one suggested; what was written stays where it is. */
export function NameQuestionForm({
  nickname,
  isJoining,
  isRefused,
  refusal,
  willSend,
  onChange,
  onSuggest,
  onJoin,
  onCancel,
}: NameQuestionFormProps) {
  const { t } = useTranslation();
  return (
    <form
      className={css.nameForm}
      onSubmit={(event) => {
        event.preventDefault();
        onJoin();
      }}
      onKeyDown={(event) => {
        if (event.key === "Escape") onCancel();
      }}
    >
      <label htmlFor="nickname">{t("composer.nameTitle")}</label>
      <p className="quiet">{t(navigator.cookieEnabled ? "composer.nameHint" : "composer.cookiesBlocked")}</p>
      <div className={css.nameLine}>
        <input
          id="nickname"
          value={nickname}
          autoComplete="nickname"
          dir="auto"
          ref={selectAll}
          aria-invalid={isRefused}
          aria-describedby="nickname-problem"
          onChange={(event) => onChange(textAfterInput(event))}
        />
        <IconButton icon={Dices} label={t("composer.another")} onClick={onSuggest} />
        <button type="submit" className="primary-button" disabled={nickname.trim() === "" || isJoining}>
          {willSend ? t("composer.join") : t("composer.joinOnly")}
        </button>
      </div>
      <p id="nickname-problem" className="error" role="alert">
        {refusal}
      </p>
    </form>
  );
}

/** Called once, when the field appears: the suggestion is replaced by typing. */
const selectAll = (field: HTMLInputElement | null) => {
  field?.focus();
  field?.select();
};
