import { useTranslation } from "react-i18next";
import { LANGUAGES, type Language } from "@/lib/i18n/i18n";

interface LanguageChoiceProps {
  language: string;
  choose: (language: Language) => void;
  refusal: string | null;
}

/** The language of the app. */
export function LanguageChoice({ language, choose, refusal }: LanguageChoiceProps) {
  const { t } = useTranslation();
  return (
    <label className="field">
      <span>{t("settings.language")}</span>
      <select value={language} onChange={(event) => choose(event.target.value as Language)}>
        {Object.entries(LANGUAGES).map(([tag, name]) => (
          <option key={tag} value={tag} lang={tag}>
            {name}
          </option>
        ))}
      </select>
      <span className="error" role="alert">
        {refusal}
      </span>
    </label>
  );
}
