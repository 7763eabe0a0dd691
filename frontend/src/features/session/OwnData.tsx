import { AlertDialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import type { Author } from "@/lib/contract/types";
import { personNameInSentence } from "@/lib/people/person-name";
import type { ErasureState } from "./use-erasure";
import * as css from "./session.module.css";

interface OwnDataProps extends ErasureState {
  user: Author;
}

/** Lets users download everything they wrote, or delete it together with their account. The focus starts on Cancel. */
export function OwnData({ user, ...erasure }: OwnDataProps) {
  const { t } = useTranslation();
  const name = personNameInSentence(t, user);
  return (
    <div className={css.signOutButtons}>
      <a className="quiet-button" href="/api/v1/me/export" download>
        {t("settings.download")}
      </a>
      <AlertDialog.Root open={erasure.isConfirming} onOpenChange={erasure.setIsConfirming}>
        <AlertDialog.Trigger className="quiet-button">{t("settings.erase")}</AlertDialog.Trigger>
        <AlertDialog.Portal>
          <AlertDialog.Overlay className="overlay" />
          <AlertDialog.Content className="dialog">
            <AlertDialog.Title>{t("settings.eraseTitle", { name })}</AlertDialog.Title>
            <AlertDialog.Description className="quiet">{t("settings.eraseHelp")}</AlertDialog.Description>
            <p className="error" role="alert">
              {erasure.refusal}
            </p>
            <div className="dialog-buttons">
              <AlertDialog.Cancel className="quiet-button">{t("app.cancel")}</AlertDialog.Cancel>
              <button
                type="button"
                className="primary-button danger-button"
                disabled={erasure.isErasing}
                onClick={erasure.erase}
              >
                {t("settings.erase")}
              </button>
            </div>
          </AlertDialog.Content>
        </AlertDialog.Portal>
      </AlertDialog.Root>
    </div>
  );
}
