import { Link } from "@tanstack/react-router";
import { ShieldAlert } from "lucide-react";
import { useTranslation } from "react-i18next";
import * as css from "./hosts.module.css";

interface ModerationLinkProps {
  roomId: string;
  /** Counts of held messages and open reports; null while they load. */
  held: string | null;
  reports: string | null;
}

/** The link to the moderator view, with the counts of what waits there. */
export function ModerationLink({ roomId, held, reports }: ModerationLinkProps) {
  const { t } = useTranslation("hosts");
  return (
    <p className={css.moderationLink}>
      <Link to="/rooms/$roomId/moderate" params={{ roomId }} className="primary-button">
        <ShieldAlert size={16} aria-hidden="true" /> <span>{t("moderate.open")}</span>
      </Link>
      <span className="quiet" role="status">
        {held !== null && reports !== null && t("moderate.waiting", { held, reports })}
      </span>
    </p>
  );
}
