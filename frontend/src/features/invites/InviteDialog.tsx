import { useTranslation } from "react-i18next";
import { CallForm } from "@/ui/CallForm";
import { ModalDialog } from "@/ui/ModalDialog";
import { useInvite } from "./use-invite";

/** Opens from an invite link: the reader accepts it and enters the room. */
export default function InviteDialog({ code, onClose }: { code: string; onClose: () => void }) {
  const { t } = useTranslation();
  const form = useInvite(code, onClose);
  return (
    <ModalDialog title={t("invite.title")} onClose={onClose}>
      <CallForm {...form} help={t("invite.help")} submitWords={t("invite.accept")} />
    </ModalDialog>
  );
}
