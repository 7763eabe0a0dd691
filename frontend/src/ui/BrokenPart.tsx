import { useTranslation } from "react-i18next";

/** Shown instead of a part of the app that threw an error. */
export function BrokenPart({ onRetry }: { onRetry: () => void }) {
  const { t } = useTranslation();
  return (
    <p className="part-broken" role="alert">
      <span>{t("problem.partBroken")}</span>{" "}
      <button type="button" className="text-button" onClick={onRetry}>
        {t("feed.retry")}
      </button>
    </p>
  );
}
