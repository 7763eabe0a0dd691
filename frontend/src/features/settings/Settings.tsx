import { Dialog } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { SignOut } from "@/features/session/SignOut";
import { chooseLanguage, LANGUAGES, type Language } from "@/lib/i18n/i18n";
import { canNotify, isNotifying, setNotifying } from "@/lib/notifications";
import { readReadingPace, saveReadingPace, type ReadingPace } from "@/lib/reading-pace";
import { useServices, useViewer } from "@/ui/services-context";
import { useOpenRoom } from "@/ui/room-context";
import * as css from "./settings.module.css";

const SLOW_MODES_S = [0, 5, 10, 30, 60, 300];
const READINGS = [
  ["calm", "settings.calm", "settings.calmHelp"],
  ["all", "settings.all", "settings.allHelp"],
] as const;

/** How the room reads, in which language, what it tells, and for its owner how fast people may write. */
export default function Settings({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { feed } = useOpenRoom();
  const viewer = useViewer();
  const isOwner = viewer !== null && viewer.id === feed.getSnapshot().room?.ownerId;
  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" aria-describedby={undefined}>
          <Dialog.Title>{t("settings.title")}</Dialog.Title>
          <ReadingChoice />
          <LanguageChoice />
          <NotificationChoice />
          {isOwner && <SlowModeChoice />}
          {viewer !== null && <SignOut user={viewer} onDone={onClose} />}
          <div className="dialog-buttons">
            <Dialog.Close className="primary-button">{t("app.close")}</Dialog.Close>
          </div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function ReadingChoice() {
  const { t } = useTranslation();
  const { view } = useOpenRoom();
  const [pace, setPace] = useState<ReadingPace>(readReadingPace);
  const choose = (chosen: ReadingPace) => {
    saveReadingPace(chosen);
    setPace(chosen);
    view.setReadingPace(chosen);
  };
  return (
    <fieldset className={css.choice}>
      <legend>{t("settings.reading")}</legend>
      {READINGS.map(([value, name, help]) => (
        <label key={value}>
          <input type="radio" name="reading" checked={pace === value} onChange={() => choose(value)} />
          <span>
            {t(name)}
            <span className="quiet">{t(help)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

function LanguageChoice() {
  const { t, i18n } = useTranslation();
  return (
    <label className="field">
      {t("settings.language")}
      <select
        value={i18n.language.slice(0, 2)}
        onChange={(event) => void chooseLanguage(event.target.value as Language)}
      >
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function NotificationChoice() {
  const { t } = useTranslation();
  const [isOn, setIsOn] = useState(isNotifying);
  const [, setAnswers] = useState(0); // a refusal changes nothing but what the browser says
  const choose = async (wanted: boolean) => {
    setIsOn(await setNotifying(wanted));
    setAnswers((answers) => answers + 1);
  };
  if (!canNotify()) return null;
  const isRefused = !isOn && Notification.permission === "denied";
  return (
    <label className={css.check}>
      <input type="checkbox" checked={isOn} onChange={(event) => void choose(event.target.checked)} />
      <span>
        {t("settings.notifications")}
        {isRefused && <span className="quiet"> {t("settings.notificationsOff")}</span>}
      </span>
    </label>
  );
}

function SlowModeChoice() {
  const { t } = useTranslation();
  const { api } = useServices();
  const { roomId, feed } = useOpenRoom();
  const [slowModeS, setSlowModeS] = useState(feed.getSnapshot().room?.slowModeS ?? 0);
  const [problem, setProblem] = useState<string | null>(null);
  const choose = async (chosen: number) => {
    setProblem(null);
    try {
      await api.setSlowMode(roomId, chosen);
      setSlowModeS(chosen);
    } catch (error) {
      setProblem(errorMessage(t, error, t("settings.slowModeFailed")));
    }
  };
  return (
    <label className="field">
      {t("settings.slowMode")}
      <select value={slowModeS} onChange={(event) => void choose(Number(event.target.value))}>
        {SLOW_MODES_S.map((seconds) => (
          <option key={seconds} value={seconds}>
            {seconds === 0 ? t("settings.slowModeOff") : t("settings.slowModeSeconds", { seconds })}
          </option>
        ))}
      </select>
      <span className="error" role="alert">
        {problem}
      </span>
    </label>
  );
}
