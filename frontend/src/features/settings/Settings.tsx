import { useTranslation } from "react-i18next";
import { OwnData } from "@/features/session/OwnData";
import { SignOut } from "@/features/session/SignOut";
import { useErasure } from "@/features/session/use-erasure";
import { useSignOut } from "@/features/session/use-sign-out";
import { CloseDialogLine, ModalDialog } from "@/ui/ModalDialog";
import { useViewer } from "@/ui/services-context";
import { useRole } from "@/ui/use-role";
import { DensityChoice } from "./DensityChoice";
import { IgnoredPeopleList } from "./IgnoredPeopleList";
import { LanguageChoice } from "./LanguageChoice";
import { NotificationChoice } from "./NotificationChoice";
import { ReadingPaceChoice } from "./ReadingPaceChoice";
import { SlowModeChoice } from "./SlowModeChoice";
import { useDensitySetting } from "./use-density-setting";
import { useIgnoredSetting } from "./use-ignored-setting";
import { useLanguageSetting } from "./use-language-setting";
import { useNotificationSetting } from "./use-notification-setting";
import { useReadingPaceSetting } from "./use-reading-pace-setting";
import { useSlowModeSetting } from "./use-slow-mode-setting";

/** The settings dialog: reading pace, density of rows, language, notifications and ignored people. Hosts also set the slow
 * mode of the room. */
export default function Settings({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const isHost = useRole() !== "guest";
  const readingPace = useReadingPaceSetting();
  const density = useDensitySetting();
  const language = useLanguageSetting();
  const notifications = useNotificationSetting();
  const slowMode = useSlowModeSetting();
  const ignored = useIgnoredSetting();
  const signOut = useSignOut(onClose);
  const erasure = useErasure(onClose);
  return (
    <ModalDialog title={t("settings.title")} onClose={onClose}>
      <ReadingPaceChoice {...readingPace} />
      <DensityChoice {...density} />
      <LanguageChoice {...language} />
      {notifications.isSupported && <NotificationChoice {...notifications} />}
      {isHost && <SlowModeChoice {...slowMode} />}
      {ignored.people.length > 0 && <IgnoredPeopleList {...ignored} />}
      {viewer !== null && <SignOut user={viewer} {...signOut} />}
      {viewer !== null && <OwnData user={viewer} {...erasure} />}
      <CloseDialogLine />
    </ModalDialog>
  );
}
