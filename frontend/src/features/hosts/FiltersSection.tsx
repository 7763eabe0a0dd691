import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import * as css from "./hosts.module.css";

interface FiltersSectionProps {
  /** Why the filters cannot be loaded. */
  refusal: string | null;
  /** The form, once they are loaded. */
  children: ReactNode;
}

export function FiltersSection({ refusal, children }: FiltersSectionProps) {
  const { t } = useTranslation("hosts");
  return (
    <section className={css.section} aria-labelledby="hosts-filters">
      <h3 id="hosts-filters">{t("filters.title")}</h3>
      <p className="quiet">{t("filters.help")}</p>
      <p className="error" role="alert">
        {refusal}
      </p>
      {children}
    </section>
  );
}
