import { useTranslation } from "react-i18next";
import { SignOut } from "@/features/session/SignOut";
import { useSignOut } from "@/features/session/use-sign-out";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import { useViewer } from "@/ui/services-context";
import { useRole } from "@/ui/use-role";
import { LanguageChoice } from "./LanguageChoice";
import { NotificationChoice } from "./NotificationChoice";
import { ReadingPaceChoice } from "./ReadingPaceChoice";
import { SlowModeChoice } from "./SlowModeChoice";
import { useLanguageSetting } from "./use-language-setting";
import { useNotificationSetting } from "./use-notification-setting";
import { useReadingPaceSetting } from "./use-reading-pace-setting";
import { useSlowModeSetting } from "./use-slow-mode-setting";

/** The settings dialog: reading pace, language and notifications. Hosts of the room also set its slow mode. */
export default function Settings({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const isHost = useRole() !== "guest";
  const readingPace = useReadingPaceSetting();
  const language = useLanguageSetting();
  const notifications = useNotificationSetting();
  const slowMode = useSlowModeSetting();
  const signOut = useSignOut(onClose);
  return (
    <ModalDialog title={t("settings.title")} onClose={onClose}>
      <ReadingPaceChoice {...readingPace} />
      <LanguageChoice {...language} />
      {notifications.isSupported && <NotificationChoice {...notifications} />}
      {isHost && <SlowModeChoice {...slowMode} />}
      {viewer !== null && <SignOut user={viewer} {...signOut} />}
      <CloseDialogLine />
    </ModalDialog>
  );
}
