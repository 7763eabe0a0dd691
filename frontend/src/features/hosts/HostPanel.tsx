import { useTranslation } from "react-i18next";
import "@/lib/i18n/hosts/host-words";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import { BanList } from "./BanList";
import { useBans } from "./use-bans";

/** What hosts do with their room. */
export default function HostPanel({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("hosts");
  const bans = useBans();
  return (
    <ModalDialog title={t("title")} isWide onClose={onClose}>
      <BanList {...bans} />
      <CloseDialogLine />
    </ModalDialog>
  );
}
