import { useTranslation } from "react-i18next";
import { SignOut } from "@/features/session/SignOut";
import { useSignOut } from "@/features/session/use-sign-out";
import { chooseLanguage } from "@/lib/i18n/i18n";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import { useViewer } from "@/ui/services-context";
import { useIsOwner } from "@/ui/use-is-owner";
import { LanguageChoice } from "./LanguageChoice";
import { NotificationChoice } from "./NotificationChoice";
import { ReadingPaceChoice } from "./ReadingPaceChoice";
import { SlowModeChoice } from "./SlowModeChoice";
import { useNotificationSetting } from "./use-notification-setting";
import { useReadingPaceSetting } from "./use-reading-pace-setting";
import { useSlowModeSetting } from "./use-slow-mode-setting";

/** The settings dialog: reading pace, language and notifications. The owner of the room also sets its slow mode. */
export default function Settings({ onClose }: { onClose: () => void }) {
  const { t, i18n } = useTranslation();
  const viewer = useViewer();
  const isOwner = useIsOwner();
  const readingPace = useReadingPaceSetting();
  const notifications = useNotificationSetting();
  const slowMode = useSlowModeSetting();
  const signOut = useSignOut(onClose);
  return (
    <ModalDialog title={t("settings.title")} onClose={onClose}>
      <ReadingPaceChoice {...readingPace} />
      <LanguageChoice
        language={i18n.language.slice(0, 2)}
        choose={(language) => void chooseLanguage(language)}
      />
      {notifications.isSupported && <NotificationChoice {...notifications} />}
      {isOwner && <SlowModeChoice {...slowMode} />}
      {viewer !== null && <SignOut user={viewer} {...signOut} />}
      <CloseDialogLine />
    </ModalDialog>
  );
}
