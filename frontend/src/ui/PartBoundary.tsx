import { useState, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Contained } from "./Contained";

/** A part of the page: when it breaks, the others stay, and it can be tried again. */
export function PartBoundary({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [attempt, setAttempt] = useState(0);
  const fallback = (
    <p className="part-broken" role="alert">
      {t("problem.partBroken")}{" "}
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
