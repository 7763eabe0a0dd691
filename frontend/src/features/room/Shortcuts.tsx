import { useTranslation } from "react-i18next";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import * as css from "./room.module.css";

const KEYS = [
  ["?", "keys.help"],
  ["End / Esc", "keys.newest"],
  ["↑ ↓", "keys.rows"],
  ["c", "keys.composer"],
  ["↑", "keys.editLast"],
  ["/", "keys.search"],
] as const;

/** The dialog that lists the keyboard shortcuts. */
export default function Shortcuts({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <ModalDialog title={t("settings.shortcuts")} onClose={onClose}>
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
      <CloseDialogLine />
    </ModalDialog>
  );
}
