import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

export function NotFound() {
  const { t } = useTranslation();
  return (
    <main className="problem-page">
      <h1>{t("problem.not_found")}</h1>
      <p>{t("problem.not_foundHint")}</p>
      <Link to="/" className="primary-button">
        {t("problem.toLobby")}
      </Link>
    </main>
  );
}
