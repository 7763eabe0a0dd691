import { AlertDialog } from "radix-ui";
import { useTranslation } from "react-i18next";

interface RoomDeletionProps {
  /** Its name within a sentence. */
  room: string;
  onCancel: () => void;
  onDelete: () => void;
}

/** Asks before a room is deleted. The focus starts on Cancel, so that no key deletes by accident. */
export function RoomDeletion({ room, onCancel, onDelete }: RoomDeletionProps) {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  return (
    <AlertDialog.Root open onOpenChange={(isOpen) => !isOpen && onCancel()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay" />
        <AlertDialog.Content className="dialog" aria-describedby={undefined}>
          <AlertDialog.Title>{t("rooms.deleteConfirm", { room })}</AlertDialog.Title>
          <div className="dialog-buttons">
            <AlertDialog.Cancel className="quiet-button">{words("app.cancel")}</AlertDialog.Cancel>
            <button type="button" className="primary-button danger-button" onClick={onDelete}>
              {t("rooms.deleteOf", { room })}
            </button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
