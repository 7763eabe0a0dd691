import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import RoomList from "@/features/rooms/RoomList";

/** The room list on a phone: it slides in. */
export default function Drawer({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="drawer" aria-describedby={undefined}>
          <Dialog.Title className="visually-hidden">{t("app.rooms")}</Dialog.Title>
          <RoomList onPicked={onClose} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
