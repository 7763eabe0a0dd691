import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Problem } from "@/lib/api/problem";

const KNOWN = ["room_not_found", "forbidden", "misdirected"] as const;

/** A room that cannot be shown, why, and the way out: in a tab of its own from a frame. */
export function RoomProblem({ problem, isEmbedded }: { problem: Problem; isEmbedded: boolean }) {
  const { t } = useTranslation();
  const code = KNOWN.find((known) => known === problem.code) ?? "unreachable";
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
