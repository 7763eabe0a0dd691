import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";

/** Shown instead of the form if only the operator can create rooms, or if a new reader cannot join. */
export function RoomCreationClosed({ reason }: { reason: "operator" | "identity" | "closed" }) {
  const { t } = useTranslation();
  const sentences = {
    operator: t("rooms.onlyOperator"),
    identity: t("composer.identityOnly"),
    closed: t("composer.closed"),
  };
  return (
    <>
      <p role="alert">{sentences[reason]}</p>
      <div className="dialog-buttons">
        <Dialog.Close className="quiet-button">{t("app.close")}</Dialog.Close>
      </div>
    </>
  );
}
