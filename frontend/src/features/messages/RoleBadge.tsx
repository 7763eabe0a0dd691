import { useTranslation } from "react-i18next";
import type { AuthorRole } from "@/lib/contract/types";
import * as css from "./role-badge.module.css";

/** The role that an author had in the room when they wrote. Screen readers hear it in the label of the row. */
export function RoleBadge({ role }: { role: AuthorRole }) {
  const { t } = useTranslation();
  return (
    <span className={css.roleBadge} data-testid="role-badge" data-role={role}>
      {t(`role.${role}`)}
    </span>
  );
}
