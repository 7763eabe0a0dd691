import { SETTING_NAMES, type SettingName } from "./heat-settings-draft";

export interface LoggedSetting {
  readonly name: SettingName;
  readonly old: number | string;
  readonly new: number | string;
}

/** The changes that the details of a `change_settings` entry name. What this page does not know is left out. */
export function loggedSettings(details: Readonly<Record<string, unknown>>): readonly LoggedSetting[] {
  const settings = fieldsOf(details["settings"]);
  return SETTING_NAMES.flatMap((name) => {
    const { old, new: changed } = fieldsOf(settings[name]);
    return isValue(old) && isValue(changed) ? [{ name, old, new: changed }] : [];
  });
}

const fieldsOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

const isValue = (value: unknown): value is number | string =>
  typeof value === "number" || typeof value === "string";
