import { useTranslation } from "react-i18next";

export function RecoveredNotice() {
  const { t } = useTranslation("hosts");
  return <p role="status">{t("recovery.taken")}</p>;
}
