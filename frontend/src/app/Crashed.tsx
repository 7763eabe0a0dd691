import { useTranslation } from "react-i18next";

/** No blank page: what broke is said, and drafts and unsent messages are kept where they are stored. */
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
