import { useTranslation } from "react-i18next";
import "@/lib/i18n/hosts/host-words";
import { CallForm } from "@/ui/CallForm";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import { RecoveredNotice } from "./RecoveredNotice";
import { RecoveryCode } from "./RecoveryCode";
import { useRecovery } from "./use-recovery";

/** Opens from a link with a recovery code: makes the reader the owner of the room, and shows the next code once. */
export default function RecoveryDialog({ code, onClose }: { code: string; onClose: () => void }) {
  const { t } = useTranslation("hosts");
  const { roomName, isRecovered, nextCode, form } = useRecovery(code);
  return (
    <ModalDialog title={t("recovery.takeOverTitle", { room: roomName })} onClose={onClose}>
      {isRecovered ? (
        <>
          <RecoveredNotice />
          {nextCode !== null && <RecoveryCode code={nextCode} />}
          <CloseDialogLine />
        </>
      ) : (
        <CallForm {...form} help={t("recovery.takeOverHelp")} submitWords={t("recovery.takeOver")} />
      )}
    </ModalDialog>
  );
}
