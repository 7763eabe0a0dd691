import { useTranslation } from "react-i18next";
import "@/lib/i18n/hosts/host-words";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import { RecoveryCode } from "./RecoveryCode";
import { RecoveredNotice, RecoveryForm } from "./RecoveryForm";
import { useRecovery } from "./use-recovery";

/** Opens from a link with a recovery code: makes the reader the owner of the room, and shows the next code once. */
export default function RecoveryDialog({ code, onClose }: { code: string; onClose: () => void }) {
  const { t } = useTranslation("hosts");
  const { roomName, isRecovered, nextCode, ...recovery } = useRecovery(code);
  return (
    <ModalDialog title={t("recovery.takeOverTitle", { room: roomName })} onClose={onClose}>
      {isRecovered ? (
        <>
          <RecoveredNotice />
          {nextCode !== null && <RecoveryCode code={nextCode} />}
          <CloseDialogLine />
        </>
      ) : (
        <RecoveryForm {...recovery} />
      )}
    </ModalDialog>
  );
}
