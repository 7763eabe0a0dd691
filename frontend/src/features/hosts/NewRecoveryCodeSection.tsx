import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import * as css from "./hosts.module.css";

interface NewRecoveryCodeSectionProps {
  isCalling: boolean;
  refusal: string | null;
  onMake: () => void;
  /** The new code. */
  children: ReactNode;
}

export function NewRecoveryCodeSection({
  isCalling,
  refusal,
  onMake,
  children,
}: NewRecoveryCodeSectionProps) {
  const { t } = useTranslation("hosts");
  return (
    <section className={css.section} aria-labelledby="hosts-recovery">
      <h3 id="hosts-recovery">{t("recovery.title")}</h3>
      <p className="quiet">{t("recovery.help")}</p>
      <button type="button" className="quiet-button" disabled={isCalling} onClick={onMake}>
        {t("recovery.make")}
      </button>
      <p className="error" role="alert">
        {refusal}
      </p>
      {children}
    </section>
  );
}
