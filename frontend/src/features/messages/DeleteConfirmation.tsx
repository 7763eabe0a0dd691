import { AlertDialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { OneLine } from "@/ui/user-text/OneLine";
import * as css from "./messages.module.css";

interface DeleteConfirmationProps {
  message: Message;
  problem: string | null;
  onConfirm: () => void;
  onClose: () => void;
}

/** Asks before a deletion, in the page: `window.confirm` would block the room while it is open. */
export function DeleteConfirmation({ message, problem, onConfirm, onClose }: DeleteConfirmationProps) {
  const { t } = useTranslation();
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
            <button type="button" className="primary-button danger-button" onClick={onConfirm}>
              {t("message.delete")}
            </button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
