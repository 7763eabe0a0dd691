import { useTranslation } from "react-i18next";

/** Shown instead of the whole app after an error that no part contained. Drafts and unsent posts stay stored. */
export function Crashed() {
  const { t } = useTranslation();
  return (
    <main className="problem-page">
      <h1>{t("problem.crashed")}</h1>
      <p>{t("problem.crashedHint")}</p>
      <button type="button" className="primary-button" onClick={() => location.reload()}>
        {t("problem.reload")}
      </button>
    </main>
  );
}
