import { useTranslation } from "react-i18next";
import { LANGUAGES, type Language } from "@/lib/i18n/i18n";

interface LanguageChoiceProps {
  language: string;
  choose: (language: Language) => void;
}

/** The language of the app. */
export function LanguageChoice({ language, choose }: LanguageChoiceProps) {
  const { t } = useTranslation();
  return (
    <label className="field">
      {t("settings.language")}
      <select value={language} onChange={(event) => choose(event.target.value as Language)}>
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
