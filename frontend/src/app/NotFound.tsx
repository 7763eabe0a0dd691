import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** Shown for an unknown address. An embedded page has no link, because other sites may frame it. */
export default function NotFound({ isEmbedded }: { isEmbedded: boolean }) {
  const { t } = useTranslation();
  return (
    <main className="problem-page">
      <h1>{t("problem.not_found")}</h1>
      {!isEmbedded && (
        <>
          <p>{t("problem.not_foundHint")}</p>
          <Link to="/" className="primary-button">
            {t("problem.toLobby")}
          </Link>
        </>
      )}
    </main>
  );
}
