import { AlertDialog } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { Message } from "@/lib/contract/types";
import { OneLine } from "@/ui/user-text/UserText";
import { useServices } from "@/ui/services-context";
import { useOpenRoom } from "@/ui/room-context";
import * as css from "./messages.module.css";

/** Asks once more, in the page: the browser's own question would stop the room while it is open. */
export default function DeleteDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const { t } = useTranslation();
  const { api } = useServices();
  const { roomId } = useOpenRoom();
  const [problem, setProblem] = useState<string | null>(null);
  const remove = async () => {
    try {
      await api.remove(roomId, message.id);
      onClose();
    } catch (error) {
      setProblem(errorMessage(t, error, t("message.deleteFailed")));
    }
  };
  return (
    <AlertDialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay" />
        <AlertDialog.Content className="dialog">
          <AlertDialog.Title>{t("message.deleteConfirm")}</AlertDialog.Title>
          <AlertDialog.Description className={`quiet ${css.deleteText}`}>
            <OneLine of={message.text} />
          </AlertDialog.Description>
          <p className="error" role="alert">
            {problem}
          </p>
          <div className="dialog-buttons">
            <AlertDialog.Cancel className="quiet-button">{t("app.cancel")}</AlertDialog.Cancel>
            <button type="button" className="primary-button danger-button" onClick={() => void remove()}>
              {t("message.delete")}
            </button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
