import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";

interface ModalDialogProps {
  title: string;
  isWide?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A dialog over the page. It is mounted open. */
export function ModalDialog({ title, isWide = false, onClose, children }: ModalDialogProps) {
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className={isWide ? "dialog dialog-wide" : "dialog"} aria-describedby={undefined}>
          <Dialog.Title>{title}</Dialog.Title>
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** The last line of a dialog that only needs to be closed. */
export function CloseDialogLine() {
  const { t } = useTranslation();
  return (
    <div className="dialog-buttons">
      <Dialog.Close className="primary-button">{t("app.close")}</Dialog.Close>
    </div>
  );
}
