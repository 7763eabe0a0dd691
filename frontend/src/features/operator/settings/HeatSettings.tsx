import { useTranslation } from "react-i18next";
import { textAfterInput } from "@/lib/pasted-text";
import { HeatSettingField } from "./HeatSettingField";
import type { HeatSettingsView } from "./use-heat-settings";
import * as css from "../operator.module.css";

/** The form that changes the settings of heat while the servers run. */
export function HeatSettings(view: HeatSettingsView) {
  const { t } = useTranslation("operator");
  return (
    <section className={css.section} aria-labelledby="operator-settings">
      <h2 id="operator-settings">{t("settings.title")}</h2>
      <p className="quiet">{t("settings.about")}</p>
      {view.warnings.map((warning) => (
        <p key={warning} className="error" lang="en">
          {warning}
        </p>
      ))}
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          if (view.canSave) view.save();
        }}
      >
        {view.settings?.map((setting) => (
          <HeatSettingField
            key={setting.name}
            {...setting}
            onChange={(value) => view.set(setting.name, value)}
            onReturn={() => view.returnToEnvironment(setting.name)}
          />
        ))}
        <label className="field">
          <span>{t("settings.reason")}</span>
          <input
            value={view.reason}
            dir="auto"
            autoComplete="off"
            onChange={(event) => view.setReason(textAfterInput(event))}
          />
        </label>
        <p className="error" role="alert">
          {view.refusal}
        </p>
        <p role="status">{view.done}</p>
        <div className={css.buttons}>
          {view.canDiscard && (
            <button type="button" className="quiet-button" onClick={view.discard}>
              {t("settings.discard")}
            </button>
          )}
          <button type="submit" className="primary-button" disabled={!view.canSave}>
            {t("settings.save")}
          </button>
        </div>
      </form>
    </section>
  );
}
