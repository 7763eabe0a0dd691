import { useTranslation } from "react-i18next";
import { KeyList } from "@/features/room/KeyList";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";

/** The dialog that lists the keys of the moderator view. */
export function ModeratorKeys({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("hosts");
  const { t: words } = useTranslation();
  return (
    <ModalDialog title={words("settings.shortcuts")} onClose={onClose}>
      <KeyList
        keys={[
          ["?", words("keys.help")],
          ["l", t("keys.live")],
          ["h", t("keys.held")],
          ["r", t("keys.reports")],
          ["g", t("keys.log")],
          ["j / k", t("keys.nextPrevious")],
          ["a", t("keys.allow")],
          ["x", t("keys.refuse")],
          ["e", t("keys.resolve")],
          ["d", t("keys.delete")],
          ["b", t("keys.ban")],
          ["p", t("keys.person")],
          ["End / Esc", words("keys.newest")],
        ]}
      />
      <CloseDialogLine />
    </ModalDialog>
  );
}
