import { useTranslation } from "react-i18next";
import type { SlowModeSetting } from "./use-slow-mode-setting";

const CHOICES_S = [0, 5, 10, 30, 60, 300];

/** How often one person may write in the room. */
export function SlowModeChoice({ slowModeS, refusal, choose }: SlowModeSetting) {
  const { t } = useTranslation();
  return (
    <label className="field">
      <span>{t("settings.slowMode")}</span>
      <select value={slowModeS} onChange={(event) => choose(Number(event.target.value))}>
        {CHOICES_S.map((seconds) => (
          <option key={seconds} value={seconds}>
            {seconds === 0 ? t("settings.slowModeOff") : t("settings.slowModeSeconds", { seconds })}
          </option>
        ))}
      </select>
      <span className="error" role="alert">
        {refusal}
      </span>
    </label>
  );
}
