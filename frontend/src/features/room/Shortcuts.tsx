import { Dialog } from "radix-ui";
import { useTranslation } from "react-i18next";
import * as css from "./room.module.css";

const KEYS = [
  ["?", "keys.help"],
  ["End / Esc", "keys.newest"],
  ["↑ ↓", "keys.rows"],
  ["c", "keys.composer"],
  ["↑", "keys.editLast"],
  ["/", "keys.search"],
] as const;

export default function Shortcuts({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" aria-describedby={undefined}>
          <Dialog.Title>{t("settings.shortcuts")}</Dialog.Title>
          <dl className={css.shortcuts}>
            {KEYS.map(([key, meaning]) => (
              <div key={meaning}>
                <dt>
                  <kbd>{key}</kbd>
                </dt>
                <dd>{t(meaning)}</dd>
              </div>
            ))}
          </dl>
          <div className="dialog-buttons">
            <Dialog.Close className="primary-button">{t("app.close")}</Dialog.Close>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
