import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** Shown in place of the operator's moderator view. `refusal`: why the sign-in cannot be checked; null if there is none. */
export function NotSignedIn({ refusal }: { refusal: string | null }) {
  const { t } = useTranslation("operator");
  return (
    <section className="problem-page">
      <h1>{t("title")}</h1>
      <p>{refusal ?? t("signIn.first")}</p>
      <Link to="/ops" className="primary-button">
        {t("signIn.open")}
      </Link>
    </section>
  );
}
