import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Problem } from "@/lib/api/problem";

const KNOWN_CODES = ["room_not_found", "room_deleted", "access_lost", "forbidden", "misdirected"] as const;

/** Shown instead of a room that cannot be opened: the reason, and a link to the lobby. An embedded page opens the link in
 * a new tab. */
export function RoomProblemPage({ problem, isEmbedded }: { problem: Problem; isEmbedded: boolean }) {
  const { t } = useTranslation();
  const code = KNOWN_CODES.find((known) => known === problem.code) ?? "unreachable";
  return (
    <section className="problem-page">
      <h1>{t(`problem.${code}`)}</h1>
      <p>{t(`problem.${code}Hint`)}</p>
      {isEmbedded ? (
        <a href="/" target="_blank" rel="noopener" className="primary-button">
          {t("problem.toLobby")}
        </a>
      ) : (
        <Link to="/" className="primary-button">
          {t("problem.toLobby")}
        </Link>
      )}
    </section>
  );
}
