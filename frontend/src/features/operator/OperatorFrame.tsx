import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import * as css from "./operator.module.css";

interface OperatorFrameProps {
  refusal: string | null;
  /** Null while nobody is signed in. */
  onSignOut: (() => void) | null;
  children: ReactNode;
}

export function OperatorFrame({ refusal, onSignOut, children }: OperatorFrameProps) {
  const { t } = useTranslation("operator");
  return (
    <main className={css.page}>
      <div className={css.head}>
        <h1>{t("title")}</h1>
        {onSignOut !== null && (
          <button type="button" className="quiet-button" onClick={onSignOut}>
            {t("signIn.out")}
          </button>
        )}
      </div>
      <p className="error" role="alert">
        {refusal}
      </p>
      {children}
    </main>
  );
}
