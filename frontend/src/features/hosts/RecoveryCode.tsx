import { useTranslation } from "react-i18next";
import { CopyField } from "./CopyField";
import { useCopied } from "./use-copied";

/** A recovery code, which is shown once, and a button that copies it. */
export function RecoveryCode({ code }: { code: string }) {
  const { t } = useTranslation("hosts");
  const copied = useCopied(code);
  return (
    <CopyField
      label={t("recovery.code")}
      text={code}
      help={t("recovery.keep")}
      copyWords={t("recovery.copy")}
      {...copied}
    />
  );
}
