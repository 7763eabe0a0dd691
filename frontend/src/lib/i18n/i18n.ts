import i18next, { type LanguageDetectorModule } from "i18next";
import { readStored, writeStored } from "@/lib/safe-storage";
import { en, type Words } from "./en";

export const LANGUAGES = { en: "English", ko: "한국어", ja: "日本語" } as const;
export type Language = keyof typeof LANGUAGES;

const START_WITHIN_MS = 3_000;
const RETRY_MS = 2_000; // times the number of the attempt
const RETRIES_MAX = 20;

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
  const language = i18next.resolvedLanguage === "en" ? i18next.language : (i18next.resolvedLanguage ?? "en");
  // A slow file of a language does not delay the room.
  await Promise.race([loadOrRetry(language), new Promise((ended) => setTimeout(ended, START_WITHIN_MS))]);
}

/** Switch the language and store the choice. False if its file cannot be loaded now: the language changes later. */
export function chooseLanguage(language: Language): Promise<boolean> {
  writeStored(CHOICE_KEY, language);
  return loadOrRetry(language);
}

let choice = 0; // number of the latest choice; files of earlier ones come too late

async function loadOrRetry(tag: string): Promise<boolean> {
  const own = (choice += 1);
  try {
    await loadLanguage(tag, own);
    return true;
  } catch {
    retryLater(tag, own, 1);
    return false;
  }
}

function retryLater(tag: string, own: number, attempt: number): void {
  if (own !== choice || attempt > RETRIES_MAX) return;
  setTimeout(
    () => void loadLanguage(tag, own).catch(() => retryLater(tag, own, attempt + 1)),
    RETRY_MS * attempt,
  );
}

async function loadLanguage(tag: string, own: number): Promise<void> {
  const language = tag.slice(0, 2) as Language;
  const load = loaders[language];
  if (load !== undefined && !i18next.hasResourceBundle(language, "translation")) {
    i18next.addResourceBundle(language, "translation", await load());
  }
  if (own !== choice) return;
  await i18next.changeLanguage(language in LANGUAGES ? language : "en");
  document.documentElement.lang = language in LANGUAGES ? language : "en";
}
