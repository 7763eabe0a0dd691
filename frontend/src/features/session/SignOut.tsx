import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { Author } from "@/lib/contract/types";
import { nameInSentence } from "@/lib/text/shown-name";
import { useServices } from "@/ui/services-context";
import * as css from "./session.module.css";

/** Ends the session of this browser, or all sessions of this user. */
export function SignOut({ user, onDone }: { user: Author; onDone: () => void }) {
  const { t } = useTranslation();
  const { session } = useServices();
  const [problem, setProblem] = useState<string | null>(null);
  const signOut = async (everywhere: boolean) => {
    setProblem(null);
    try {
      await session.signOut(everywhere);
      onDone();
    } catch (error) {
      setProblem(errorMessage(t, error, t("settings.signOutFailed")));
    }
  };
  return (
    <fieldset className={css.signOut}>
      <legend>{t("settings.session")}</legend>
      <p className="quiet">
        {t("settings.signedInAs", { name: nameInSentence(user.nickname, t("person.unnamed")) })}
      </p>
      <div className={css.signOutButtons}>
        <button type="button" className="quiet-button" onClick={() => void signOut(false)}>
          {t("settings.signOut")}
        </button>
        <button type="button" className="quiet-button" onClick={() => void signOut(true)}>
          {t("settings.signOutEverywhere")}
        </button>
      </div>
      <p className="quiet">{t("settings.signOutHelp")}</p>
      <p className="error" role="alert">
        {problem}
      </p>
    </fieldset>
  );
}
