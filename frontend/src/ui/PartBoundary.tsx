import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Contained } from "./Contained";

/** Contains the errors of one part of the app: the other parts stay, and the reader can retry this one. */
export function PartBoundary({ children }: { children: ReactNode }) {
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
    <Contained of={attempt} fallback={fallback}>
      {children}
    </Contained>
  );
}
