/** Adds the sentences that only hosts see. The parts that show them import this module. */
import i18next from "i18next";
import { hostsEn } from "./en";
import { hostsJa } from "./ja";
import { hostsKo } from "./ko";

for (const [language, words] of [
  ["en", hostsEn],
  ["ko", hostsKo],
  ["ja", hostsJa],
] as const)
  i18next.addResourceBundle(language, "hosts", words);
