import { expect, it } from "vitest";
import { hostsEn } from "@/lib/i18n/hosts/en";
import { hostsJa } from "@/lib/i18n/hosts/ja";
import { hostsKo } from "@/lib/i18n/hosts/ko";
import { operatorEn } from "@/lib/i18n/operator/en";
import { operatorJa } from "@/lib/i18n/operator/ja";
import { operatorKo } from "@/lib/i18n/operator/ko";

const sentences = (words: object): [string, string][] =>
  Object.entries(words).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "object" && value !== null
      ? sentences(value).map(([inner, sentence]): [string, string] => [`${key}.${inner}`, sentence])
      : [[key, String(value)] as [string, string]],
  );
const placeholders = (sentence: string) =>
  [...sentence.matchAll(/\{\{(\w+)/g)].map(([, name]) => name).sort();

it.each([
  ["hosts in ko", hostsEn, hostsKo],
  ["hosts in ja", hostsEn, hostsJa],
  ["the operator in ko", operatorEn, operatorKo],
  ["the operator in ja", operatorEn, operatorJa],
])("the sentences for %s have the placeholders of the English ones", (_whom, english, words) => {
  const translated = new Map(sentences(words));
  for (const [key, sentence] of sentences(english))
    expect([key, placeholders(translated.get(key) ?? "")]).toEqual([key, placeholders(sentence)]);
});
