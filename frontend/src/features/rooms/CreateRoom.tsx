import { useTranslation } from "react-i18next";
import { lazyComponent } from "@/ui/lazy-component";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import { CreateRoomForm } from "./CreateRoomForm";
import { RoomCreationClosed } from "./RoomCreationClosed";
import { useCreateRoom } from "./use-create-room";
import { useRoomCreationClosed } from "./use-room-creation-closed";

const FirstRecoveryCode = lazyComponent(() => import("@/features/hosts/FirstRecoveryCode"));

/** The dialog that creates a room, opens it, and shows its recovery code over it. */
export default function CreateRoom({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { code, ...view } = useCreateRoom(onClose);
  const closed = useRoomCreationClosed(view.form.needsNickname);
  if (code !== null)
    return (
      <ModalDialog title={t("rooms.made")} onClose={onClose}>
        <FirstRecoveryCode code={code} onClose={onClose} />
        <CloseDialogLine />
      </ModalDialog>
    );
  return (
    <ModalDialog title={t("rooms.create")} onClose={onClose}>
      {closed === null ? <CreateRoomForm {...view} /> : <RoomCreationClosed reason={closed} />}
    </ModalDialog>
  );
}
