import { useTranslation } from "react-i18next";
import type { DensitySetting } from "./use-density-setting";

const CHOICES = [
  ["auto", "settings.densityAuto", "settings.densityAutoHelp"],
  ["comfortable", "settings.densityComfortable", "settings.densityComfortableHelp"],
  ["compact", "settings.densityCompact", "settings.densityCompactHelp"],
] as const;

/** How tall the rows of the list are. */
export function DensityChoice({ density, choose }: DensitySetting) {
  const { t } = useTranslation();
  return (
    <fieldset>
      <legend>{t("settings.density")}</legend>
      {CHOICES.map(([value, name, help]) => (
        <label key={value} className="option">
          <input type="radio" name="density" checked={density === value} onChange={() => choose(value)} />
          <span>
            <span>{t(name)}</span>
            <span className="quiet option-help">{t(help)}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
