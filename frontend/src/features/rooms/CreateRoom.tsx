import { useTranslation } from "react-i18next";
import { ModalDialog } from "@/ui/ModalDialog";
import { CreateRoomForm } from "./CreateRoomForm";
import { RoomCreationClosed } from "./RoomCreationClosed";
import { useCreateRoom } from "./use-create-room";
import { useRoomCreationClosed } from "./use-room-creation-closed";

/** The dialog that creates a room and opens it. */
export default function CreateRoom({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const state = useCreateRoom(onClose);
  const closed = useRoomCreationClosed(state.needsNickname);
  return (
    <ModalDialog title={t("rooms.create")} onClose={onClose}>
      {closed === null ? <CreateRoomForm {...state} /> : <RoomCreationClosed reason={closed} />}
    </ModalDialog>
  );
}
