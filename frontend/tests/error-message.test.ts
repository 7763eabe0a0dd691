import i18next from "i18next";
import { beforeAll, expect, it } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import { errorMessage } from "@/lib/api/error-message";
import { en } from "@/lib/i18n/en";
import { ja } from "@/lib/i18n/ja";
import { ko } from "@/lib/i18n/ko";

beforeAll(() =>
  i18next.init({
    resources: { en: { translation: en }, ko: { translation: ko }, ja: { translation: ja } },
    interpolation: { escapeValue: false },
    showSupportNotice: false,
  }),
);

const SENTENCES = Object.entries(en.refusal);

it.each(["en", "ko", "ja"])(
  "each refusal is one sentence in %s that says when to try again",
  async (language) => {
    await i18next.changeLanguage(language);
    for (const [code, sentence] of SENTENCES) {
      const words = errorMessage(i18next.t, new Problem(429, code, "English", 4_200), "away");
      expect(words).not.toBe("English");
      expect(words).not.toContain("{{");
      if (sentence.includes("{{seconds}}")) expect(words).toContain("5");
    }
  },
);

it("the call's own sentence for a code comes first", () => {
  const own = { too_many: "The list is full." };
  const full = new Problem(409, "too_many", "English");
  expect(errorMessage(i18next.t, full, "away", own)).toBe("The list is full.");
  expect(errorMessage(i18next.t, full, "away")).toBe(ja.refusal.too_many);
});

it("the sentence is the server's for a code without a translation, and the fallback without an answer", () => {
  expect(
    errorMessage(i18next.t, new Problem(422, "validation_failed", "The name shows nothing."), "away"),
  ).toBe("The name shows nothing.");
  expect(errorMessage(i18next.t, unreachable(), "away")).toBe("away");
  expect(errorMessage(i18next.t, new Error("bug"), "away")).toBe("away");
});

it.each([
  ["en", "The operator of this server has banned you from all rooms."],
  ["ko", "서버 운영자가 모든 대화방에서 차단했습니다."],
  ["ja", "サーバー運営者により、全ルームからブロックされています。"],
])("a ban from all rooms is not blamed on a host in %s", async (language, sentence) => {
  await i18next.changeLanguage(language);
  const banned = (isEverywhere: boolean) =>
    errorMessage(i18next.t, new Problem(403, "banned", "English", null, isEverywhere), "away");
  expect(banned(true)).toBe(sentence);
  expect(banned(false)).not.toBe(sentence);
});
