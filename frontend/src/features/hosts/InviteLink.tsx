import { useTranslation } from "react-i18next";
import { CopyField } from "./CopyField";
import { useCopied } from "./use-copied";

/** The link of a new invite, which is shown once, and a button that copies it. */
export function InviteLink({ url }: { url: string }) {
  const { t } = useTranslation("hosts");
  const copied = useCopied(url);
  return (
    <CopyField
      label={t("invites.link")}
      text={url}
      help={t("invites.keep")}
      copyWords={t("invites.copy")}
      {...copied}
    />
  );
}
