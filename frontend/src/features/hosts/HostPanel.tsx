import { useTranslation } from "react-i18next";
import "@/lib/i18n/hosts/host-words";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import { useRole } from "@/ui/use-role";
import { LOBBY } from "@/lib/rooms/lobby";
import { useOpenRoom } from "@/ui/room-context";
import { BanList } from "./BanList";
import { DeleteRoom } from "./DeleteRoom";
import { Filters } from "./Filters";
import { HostLog } from "./HostLog";
import { InviteList } from "./InviteList";
import { ModerationLink } from "./ModerationLink";
import { ModeratorList } from "./ModeratorList";
import { NewRecoveryCode } from "./NewRecoveryCode";
import { Visibility } from "./Visibility";
import { WhoCanPostChoice } from "./WhoCanPostChoice";
import { useBans } from "./use-bans";
import { useInvites } from "./use-invites";
import { useLog } from "./use-log";
import { useModerators } from "./use-moderators";
import { useHeldPages, useReportPages } from "./use-open-work";
import { useWhoCanPost } from "./use-who-can-post";

/** The panel in which hosts manage their room: who can write and enter, invites, moderators, the recovery code, filters,
 * bans, the log and deletion. It links to the moderator view. */
export default function HostPanel({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("hosts");
  const { roomId } = useOpenRoom();
  const held = useHeldPages();
  const reports = useReportPages();
  const isOwner = useRole() === "owner";
  const whoCanPost = useWhoCanPost();
  const moderators = useModerators();
  const bans = useBans();
  const invites = useInvites();
  const log = useLog();
  return (
    <ModalDialog title={t("title")} isWide onClose={onClose}>
      <ModerationLink roomId={roomId} held={held.countWords} reports={reports.countWords} />
      <WhoCanPostChoice {...whoCanPost} />
      {isOwner && <Visibility />}
      <InviteList {...invites} />
      <ModeratorList {...moderators} />
      {isOwner && <NewRecoveryCode />}
      <Filters />
      <BanList {...bans} />
      <HostLog {...log} />
      {isOwner && roomId !== LOBBY && <DeleteRoom />}
      <CloseDialogLine />
    </ModalDialog>
  );
}
