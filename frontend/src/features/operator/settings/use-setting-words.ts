import { useTranslation } from "react-i18next";
import { CHOICES, isChoice, type SettingName } from "@/lib/operator/heat-settings-draft";

export interface SettingWords {
  readonly label: (name: SettingName) => string;
  readonly number: (value: number) => string;
  readonly value: (name: SettingName, value: number | string) => string;
}

/** The words for the settings of heat and for their values. */
export function useSettingWords(): SettingWords {
  const { t, i18n } = useTranslation("operator");
  const numbers = new Intl.NumberFormat(i18n.language, { maximumFractionDigits: 3 });
  return {
    label: (name) => t(`settings.label.${name}`),
    number: (value) => numbers.format(value),
    value: (name, value) => {
      if (typeof value === "number") return numbers.format(value);
      const choice = isChoice(name) ? CHOICES[name].find((each) => each === value) : undefined;
      return choice === undefined ? value : t(`settings.choice.${choice}`);
    },
  };
}
