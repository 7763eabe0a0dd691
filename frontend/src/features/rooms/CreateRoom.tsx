import { useTranslation } from "react-i18next";
import { ModalDialog } from "@/ui/ModalDialog";
import { CreateRoomForm } from "./CreateRoomForm";
import { useCreateRoom } from "./use-create-room";

/** The dialog that creates a room and opens it. */
export default function CreateRoom({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const state = useCreateRoom(onClose);
  return (
    <ModalDialog title={t("rooms.create")} onClose={onClose}>
      <CreateRoomForm {...state} />
    </ModalDialog>
  );
}
