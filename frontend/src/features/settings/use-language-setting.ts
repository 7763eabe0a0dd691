import { useState } from "react";
import { useTranslation } from "react-i18next";
import { chooseLanguage, type Language } from "@/lib/i18n/i18n";

/** The language of the app. Its file may fail to load at first; the app changes once it arrives. */
export function useLanguageSetting() {
  const { t, i18n } = useTranslation();
  const [isDelayed, setIsDelayed] = useState(false);
  const choose = async (language: Language) => {
    setIsDelayed(false);
    setIsDelayed(!(await chooseLanguage(language)));
  };
  return {
    language: i18n.language.slice(0, 2),
    choose: (language: Language) => void choose(language),
    refusal: isDelayed ? t("settings.languageFailed") : null,
  };
}
