import { Dices } from "lucide-react";
import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import { IconButton } from "@/ui/IconButton";
import * as css from "./session.module.css";

interface NicknameFormProps {
  nickname: string;
  isJoining: boolean;
  isRefused: boolean;
  /** Why joining failed, and when the next attempt follows. */
  refusal: string | null;
  /** Whether the text in the composer is sent after joining. */
  willSend: boolean;
  onChange: (nickname: string) => void;
  onSuggest: () => void;
  onJoin: () => void;
  onCancel: () => void;
}

/** A field with a suggested nickname, and the buttons that suggest another one and join. */
export function NicknameForm({
  nickname,
  isJoining,
  isRefused,
  refusal,
  willSend,
  onChange,
  onSuggest,
  onJoin,
  onCancel,
}: NicknameFormProps) {
  const { t } = useTranslation();
  return (
    <form
      className={css.nicknameForm}
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
      <div className={css.nicknameLine}>
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

/** Called once, when the field appears, so that typing replaces the suggestion. */
const selectAll = (field: HTMLInputElement | null) => {
  field?.focus();
  field?.select();
};
