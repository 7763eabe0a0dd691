import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Language } from "@/lib/i18n/i18n";
import { useServices } from "@/ui/services-context";

/** The language of the app. Its file may fail to load at first; the app changes once it arrives. */
export function useLanguageSetting() {
  const { t, i18n } = useTranslation();
  const { languages } = useServices();
  const [delayed, setDelayed] = useState<Language | null>(null);
  const language = i18n.language.slice(0, 2);
  const choose = async (chosen: Language) => {
    setDelayed(null);
    if (!(await languages.choose(chosen))) setDelayed(chosen);
  };
  return {
    language,
    choose: (chosen: Language) => void choose(chosen),
    refusal: delayed !== null && delayed !== language ? t("settings.languageFailed") : null,
  };
}
