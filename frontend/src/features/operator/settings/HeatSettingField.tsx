import { useTranslation } from "react-i18next";
import type { ShownSetting } from "./use-heat-settings";
import * as css from "../operator.module.css";

interface HeatSettingFieldProps extends ShownSetting {
  onChange: (value: string) => void;
  onReturn: () => void;
}

/** One setting: its field, what it does, and where its value comes from. */
export function HeatSettingField({ onChange, onReturn, ...setting }: HeatSettingFieldProps) {
  const { t } = useTranslation("operator");
  const aboutId = `setting-${setting.name}`;
  const field = {
    value: setting.field,
    "aria-describedby": aboutId,
    onChange: ({ target }: { target: { value: string } }) => onChange(target.value),
  };
  return (
    <div className={css.setting}>
      <label className="field">
        <span>{setting.title}</span>
        {setting.choices === null ? (
          <input {...field} inputMode="decimal" autoComplete="off" aria-invalid={setting.refusal !== null} />
        ) : (
          <select {...field}>
            {setting.choices.map(({ value, words }) => (
              <option key={value} value={value}>
                {words}
              </option>
            ))}
          </select>
        )}
      </label>
      <div id={aboutId}>
        <p className="error">{setting.refusal}</p>
        <p className="quiet">{setting.help}</p>
        <p className="quiet">{setting.isReturning ? t("settings.returning") : setting.inForce}</p>
      </div>
      {setting.returnWords !== null && (
        <button
          type="button"
          className="text-button"
          aria-label={`${setting.title}: ${setting.returnWords}`}
          onClick={onReturn}
        >
          {setting.returnWords}
        </button>
      )}
    </div>
  );
}
