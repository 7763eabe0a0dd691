import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ErrorBoundary } from "./ErrorBoundary";

/** Contains the errors of one part of the app: the other parts stay, and the reader can retry this one. */
export function RetryBoundary({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [attempt, setAttempt] = useState(0);
  const fallback = (
    <p className="part-broken" role="alert">
      <span>{t("problem.partBroken")}</span>{" "}
      <button type="button" className="text-button" onClick={() => setAttempt(attempt + 1)}>
        {t("feed.retry")}
      </button>
    </p>
  );
  return (
    <ErrorBoundary resetKey={attempt} fallback={fallback}>
      {children}
    </ErrorBoundary>
  );
}
