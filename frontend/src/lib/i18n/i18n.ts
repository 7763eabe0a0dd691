import i18next, { type LanguageDetectorModule } from "i18next";
import { readStored, writeStored } from "@/lib/safe-storage";
import { en, type Words } from "./en";

export const LANGUAGES = { en: "English", ko: "한국어", ja: "日本語" } as const;
export type Language = keyof typeof LANGUAGES;

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: Words };
  }
}

const loaders: Partial<Record<Language, () => Promise<Words>>> = {
  ko: async () => (await import("./ko")).ko,
  ja: async () => (await import("./ja")).ja,
};

const CHOICE_KEY = "i18nextLng";

/** The languages to try, best first: `?lang=` of the address, the reader's choice, those of the browser. */
const languageDetector: LanguageDetectorModule = {
  type: "languageDetector",
  detect: () => {
    const preferred = [new URLSearchParams(location.search).get("lang"), readStored(CHOICE_KEY)];
    return [...preferred.filter((tag) => tag !== null), ...navigator.languages];
  },
};

/** Start i18next in the reader's language. English is part of the bundle; other languages are fetched on demand. */
export async function startI18n(): Promise<void> {
  await i18next.use(languageDetector).init({
    resources: { en: { translation: en } },
    fallbackLng: "en",
    supportedLngs: Object.keys(LANGUAGES),
    nonExplicitSupportedLngs: true,
    load: "languageOnly",
    interpolation: { escapeValue: false },
    react: { useSuspense: false },
    showSupportNotice: false,
  });
  await loadLanguage(
    i18next.resolvedLanguage === "en" ? i18next.language : (i18next.resolvedLanguage ?? "en"),
  );
}

/** Switch the language and store the choice. */
export async function chooseLanguage(language: Language): Promise<void> {
  writeStored(CHOICE_KEY, language);
  await loadLanguage(language);
}

async function loadLanguage(tag: string): Promise<void> {
  const language = tag.slice(0, 2) as Language;
  const load = loaders[language];
  if (load !== undefined && !i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await load());
  }
  await i18next.changeLanguage(language in LANGUAGES ? language : "en");
  document.documentElement.lang = language in LANGUAGES ? language : "en";
}
