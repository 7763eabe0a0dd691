import { useTranslation } from "react-i18next";
import "@/lib/i18n/hosts/host-words";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import { useRole } from "@/ui/use-role";
import { BanList } from "./BanList";
import { HostLog } from "./HostLog";
import { ModeratorList } from "./ModeratorList";
import { NewRecoveryCode } from "./NewRecoveryCode";
import { WhoCanPostChoice } from "./WhoCanPostChoice";
import { useBans } from "./use-bans";
import { useLog } from "./use-log";
import { useModerators } from "./use-moderators";
import { useWhoCanPost } from "./use-who-can-post";

/** What hosts do with their room: who can write, moderators, the recovery code, bans and the log. */
export default function HostPanel({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("hosts");
  const isOwner = useRole() === "owner";
  const whoCanPost = useWhoCanPost();
  const moderators = useModerators();
  const bans = useBans();
  const log = useLog();
  return (
    <ModalDialog title={t("title")} isWide onClose={onClose}>
      <WhoCanPostChoice {...whoCanPost} />
      <ModeratorList {...moderators} />
      {isOwner && <NewRecoveryCode />}
      <BanList {...bans} />
      <HostLog {...log} />
      <CloseDialogLine />
    </ModalDialog>
  );
}
