import { useTranslation } from "react-i18next";
import * as css from "./session.module.css";

/** Shown instead of the nickname field if the server gives no new sessions. */
export function JoiningClosed({ mode, onCancel }: { mode: "identity" | "closed"; onCancel: () => void }) {
  const { t } = useTranslation();
  return (
    <div className={css.nicknameForm} role="alert">
      <p>{t(mode === "identity" ? "composer.identityOnly" : "composer.closed")}</p>
      <button type="button" className="quiet-button" onClick={onCancel}>
        {t("app.close")}
      </button>
    </div>
  );
}
