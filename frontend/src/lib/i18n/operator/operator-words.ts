/** Adds the sentences that only the operator sees. The operator's page imports this module. */
import i18next from "i18next";
import { operatorEn } from "./en";
import { operatorJa } from "./ja";
import { operatorKo } from "./ko";

for (const [language, words] of [
  ["en", operatorEn],
  ["ko", operatorKo],
  ["ja", operatorJa],
] as const)
  i18next.addResourceBundle(language, "operator", words);
