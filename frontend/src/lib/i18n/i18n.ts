import i18next, { type LanguageDetectorModule } from "i18next";
import { readStored, writeStored } from "@/lib/safe-storage";
import { en, type Words } from "./en";
import type { HostWords } from "./hosts/en";
import type { OperatorWords } from "./operator/en";
import { LanguageSwitch } from "./language-switch";

export const LANGUAGES = { en: "English", ko: "한국어", ja: "日本語" } as const;
export type Language = keyof typeof LANGUAGES;

const START_WITHIN_MS = 3_000;

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: Words; hosts: HostWords; operator: OperatorWords };
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

/** `wait` ends early when the network returns. */
export const createLanguageSwitch = (wait: (ms: number) => Promise<void>): LanguageSwitch =>
  new LanguageSwitch({
    load: loadWords,
    show: async (tag) => {
      const wanted = tag.slice(0, 2) as Language;
      const language = wanted in LANGUAGES ? wanted : "en";
      await i18next.changeLanguage(language);
      document.documentElement.lang = language;
    },
    store: (language) => void writeStored(CHOICE_KEY, language),
    wait,
  });

/** Start i18next in the reader's language. English is part of the bundle; other languages are fetched on demand. */
export async function startI18n(languages: LanguageSwitch): Promise<void> {
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
  const language = i18next.resolvedLanguage === "en" ? i18next.language : (i18next.resolvedLanguage ?? "en");
  // A slow file of a language does not delay the room.
  await Promise.race([languages.start(language), new Promise((ended) => setTimeout(ended, START_WITHIN_MS))]);
}

async function loadWords(tag: string): Promise<void> {
  const language = tag.slice(0, 2) as Language;
  const load = loaders[language];
  if (load !== undefined && !i18next.hasResourceBundle(language, "translation"))
    i18next.addResourceBundle(language, "translation", await load());
}
