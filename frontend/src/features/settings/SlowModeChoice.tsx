import { useTranslation } from "react-i18next";
import { fieldOf, withField } from "@/lib/rooms/slow-mode-choice";
import type { SlowModeSetting } from "./use-slow-mode-setting";

const CHOICES_S = [5, 10, 30, 60, 300];
const TARGETS_PER_S = [1, 2, 3, 5, 10, 20];

/** How often one person may write in the room: a wait that hosts fix, or one that the server adapts to the crowd. */
export function SlowModeChoice({ slowMode, isTargetUnreachable, refusal, choose }: SlowModeSetting) {
  const { t } = useTranslation();
  const { mode, seconds, target } = slowMode;
  return (
    <>
      <label className="field">
        <span>{t("settings.slowMode")}</span>
        <select
          value={fieldOf(slowMode)}
          onChange={(event) => choose(withField(slowMode, event.target.value))}
        >
          <option value="off">{t("settings.slowModeOff")}</option>
          <option value="auto">{t("settings.slowModeAuto")}</option>
          {withValue(CHOICES_S, mode === "fixed" ? seconds : null).map((each) => (
            <option key={each} value={each}>
              {t("settings.slowModeSeconds", { seconds: each })}
            </option>
          ))}
        </select>
        <span className="error" role="alert">
          {refusal}
        </span>
      </label>
      {mode === "auto" && (
        <label className="field">
          <span>{t("settings.slowModeTarget")}</span>
          <select
            value={target}
            aria-describedby="slow-mode-help"
            onChange={(event) => choose({ ...slowMode, target: Number(event.target.value) })}
          >
            {withValue(TARGETS_PER_S, target).map((each) => (
              <option key={each} value={each}>
                {t("settings.slowModeTargetOf", { count: each })}
              </option>
            ))}
          </select>
          <span id="slow-mode-help" className="quiet option-help">
            {t("settings.slowModeAutoHelp")}
          </span>
          <span className="error" role="status" data-testid="target-unreachable">
            {isTargetUnreachable && t("settings.slowModeUnreachable")}
          </span>
        </label>
      )}
    </>
  );
}

/** Another client may have set a value that is not offered here. */
const withValue = (choices: readonly number[], value: number | null): readonly number[] =>
  value === null || choices.includes(value) ? choices : [...choices, value].sort((a, b) => a - b);
