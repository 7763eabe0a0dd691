import { useTranslation } from "react-i18next";
import type { ReadingPaceSetting } from "./use-reading-pace-setting";

const PACES = [
  ["calm", "settings.calm", "settings.calmHelp"],
  ["light", "settings.light", "settings.lightHelp"],
  ["all", "settings.all", "settings.allHelp"],
] as const;

/** How much of a busy room the reader wants to see. */
export function ReadingPaceChoice({ pace, choose }: ReadingPaceSetting) {
  const { t } = useTranslation();
  return (
    <fieldset>
      <legend>{t("settings.reading")}</legend>
      {PACES.map(([value, name, help]) => (
        <label key={value} className="option">
          <input type="radio" name="reading" checked={pace === value} onChange={() => choose(value)} />
          <span>
            <span>{t(name)}</span>
            <span className="quiet option-help">{t(help)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
