import { Link, useLocation } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { isEmbedPath } from "@/lib/embed-path";

/** Shown for an unknown address. Below `/embed` there is no link, because other sites may frame it. */
export function NotFound() {
  const { t } = useTranslation();
  const isEmbedded = useLocation({ select: ({ pathname }) => isEmbedPath(pathname) });
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
