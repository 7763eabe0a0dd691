import { useTranslation } from "react-i18next";
import type { Author } from "@/lib/contract/types";
import { personNameInSentence } from "@/lib/people/person-name";
import type { SignOutState } from "./use-sign-out";
import * as css from "./session.module.css";

interface SignOutProps extends SignOutState {
  user: Author;
}

/** The signed-in user, and the buttons that end the session of this browser or all sessions of the user. */
export function SignOut({ user, refusal, signOut }: SignOutProps) {
  const { t } = useTranslation();
  return (
    <fieldset className={css.signOut}>
      <legend>{t("settings.session")}</legend>
      <p className="quiet">{t("settings.signedInAs", { name: personNameInSentence(t, user) })}</p>
      <div className={css.signOutButtons}>
        <button type="button" className="quiet-button" onClick={() => signOut(false)}>
          {t("settings.signOut")}
        </button>
        <button type="button" className="quiet-button" onClick={() => signOut(true)}>
          {t("settings.signOutEverywhere")}
        </button>
      </div>
      <p className="quiet">{t("settings.signOutHelp")}</p>
      <p className="error" role="alert">
        {refusal}
      </p>
    </fieldset>
  );
}
