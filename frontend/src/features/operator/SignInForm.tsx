import { useTranslation } from "react-i18next";
import * as css from "./operator.module.css";

interface SignInFormProps {
  isSigningIn: boolean;
  onSignIn: (token: string) => void;
}

/** The form with which the operator signs in. It keeps the token in its field only. */
export function SignInForm({ isSigningIn, onSignIn }: SignInFormProps) {
  const { t } = useTranslation("operator");
  return (
    <form
      className={css.signIn}
      onSubmit={(event) => {
        event.preventDefault();
        const token = new FormData(event.currentTarget).get("token");
        if (typeof token === "string") onSignIn(token.trim());
      }}
    >
      <p className="quiet">{t("signIn.hint")}</p>
      <label className="field">
        <span>{t("signIn.token")}</span>
        <input name="token" type="password" autoComplete="off" required />
      </label>
      <button type="submit" className="primary-button" disabled={isSigningIn}>
        {t("signIn.submit")}
      </button>
    </form>
  );
}
