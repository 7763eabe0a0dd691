import { useTranslation } from "react-i18next";
import "@/lib/i18n/hosts/host-words";
import { RecoveryCode } from "./RecoveryCode";

/** The recovery code of a new room, and what it is for. */
export default function FirstRecoveryCode({ code }: { code: string }) {
  const { t } = useTranslation("hosts");
  return (
    <>
      <p className="quiet">{t("recovery.help")}</p>
      <RecoveryCode code={code} />
    </>
  );
}
