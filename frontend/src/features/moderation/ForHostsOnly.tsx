import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";

/** Shown to guests instead of the moderator view. */
export function ForHostsOnly({ roomId }: { roomId: string }) {
  const { t } = useTranslation("hosts");
  return (
    <section className="problem-page">
      <h1>{t("moderate.title")}</h1>
      <p>{t("moderate.forHostsOnly")}</p>
      <Link to="/rooms/$roomId" params={{ roomId }} className="primary-button">
        {t("moderate.toRoom")}
      </Link>
    </section>
  );
}
