import { expect, it } from "vitest";
import { hostsEn } from "@/lib/i18n/hosts/en";
import { hostsJa } from "@/lib/i18n/hosts/ja";
import { hostsKo } from "@/lib/i18n/hosts/ko";

const sentences = (words: object): [string, string][] =>
  Object.entries(words).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "object" && value !== null
      ? sentences(value).map(([inner, sentence]): [string, string] => [`${key}.${inner}`, sentence])
      : [[key, String(value)] as [string, string]],
  );
const placeholders = (sentence: string) =>
  [...sentence.matchAll(/\{\{(\w+)/g)].map(([, name]) => name).sort();

it.each([
  ["ko", hostsKo],
  ["ja", hostsJa],
])("the sentences for hosts in %s have the placeholders of the English ones", (_language, words) => {
  const translated = new Map(sentences(words));
  for (const [key, sentence] of sentences(hostsEn))
    expect([key, placeholders(translated.get(key) ?? "")]).toEqual([key, placeholders(sentence)]);
});
