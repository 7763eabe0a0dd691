import { AlertDialog } from "radix-ui";
import { useTranslation } from "react-i18next";

interface ConfirmationProps {
  question: string;
  /** What follows from a yes; null where the question says it. */
  about: string | null;
  /** On the button that says yes: what it does, and to what. */
  confirmWords: string;
  onCancel: () => void;
  onConfirm: () => void;
}

/** Asks before the operator ends or deletes something. The focus starts on Cancel, so that no key confirms by accident. */
export function Confirmation({ question, about, confirmWords, onCancel, onConfirm }: ConfirmationProps) {
  const { t: words } = useTranslation();
  return (
    <AlertDialog.Root open onOpenChange={(isOpen) => !isOpen && onCancel()}>
      <AlertDialog.Portal>
        <AlertDialog.Overlay className="overlay" />
        <AlertDialog.Content className="dialog" {...(about === null && { "aria-describedby": undefined })}>
          <AlertDialog.Title>{question}</AlertDialog.Title>
          {about !== null && <AlertDialog.Description className="quiet">{about}</AlertDialog.Description>}
          <div className="dialog-buttons">
            <AlertDialog.Cancel className="quiet-button">{words("app.cancel")}</AlertDialog.Cancel>
            <button type="button" className="primary-button danger-button" onClick={onConfirm}>
              {confirmWords}
            </button>
          </div>
        </AlertDialog.Content>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
