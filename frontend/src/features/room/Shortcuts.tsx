import { useTranslation } from "react-i18next";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import { KeyList } from "./KeyList";

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
      <KeyList keys={KEYS.map(([key, meaning]) => [key, t(meaning)])} />
      <CloseDialogLine />
    </ModalDialog>
  );
}
