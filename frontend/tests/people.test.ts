import i18next from "i18next";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { en } from "@/lib/i18n/en";
import { ja } from "@/lib/i18n/ja";
import { ko } from "@/lib/i18n/ko";
import { userHue, userTag } from "@/lib/people/user-appearance";
import { DuplicateNicknames } from "@/lib/people/duplicate-nicknames";
import { ObservedAuthors } from "@/lib/people/observed-authors";
import { erasedAuthor } from "@/lib/people/erased-people";
import { personInSentence, personName } from "@/lib/people/person-name";
import { recentNicknames } from "@/lib/people/recent-nicknames";
import { shownName } from "@/lib/text/shown-name";
import { message } from "./support/fake-room";

const ANN = "0198c3a0-0000-7000-8000-000000000001";
const OTHER_ANN = "0198c3a0-0000-7000-8000-000000000002";

beforeAll(() =>
  i18next.init({
    resources: { en: { translation: en }, ko: { translation: ko }, ja: { translation: ja } },
    showSupportNotice: false,
  }),
);

it("two people with the same nickname have different colours and tags, the same in every tab", () => {
  expect(userHue(ANN)).not.toBe(userHue(OTHER_ANN));
  expect(userTag(ANN)).not.toBe(userTag(OTHER_ANN));
  expect(userTag(ANN)).toMatch(/^[2-9a-hjkmnp-z]{4}$/);
  expect(userTag(ANN)).toBe(userTag(ANN));
});

it("the latest authors are known by nickname, newest first, each once", () => {
  const messages = ["Ann", "Bob", "Ann"].map((nickname, index) =>
    message(index + 1, { author: { id: nickname, nickname } }),
  );
  expect(recentNicknames(messages)).toEqual(["Ann", "Bob"]);
  expect(recentNicknames(messages)).toBe(recentNicknames(messages));
});

describe("a name", () => {
  it("is a duplicate once two people with it were observed, in any case and width", () => {
    const names = new DuplicateNicknames();
    const changed = vi.fn();
    names.subscribe(changed);
    names.observe(ANN, "Ann");
    names.observe(ANN, "Ann");
    expect([names.isDuplicate("Ann"), changed.mock.calls.length]).toEqual([false, 0]);
    names.observe(OTHER_ANN, "ＡＮＮ");
    names.observe(ANN, "ann");
    expect([names.isDuplicate("Ann"), changed.mock.calls.length]).toEqual([true, 1]);
  });

  it("is a duplicate by the authors of loaded messages, of pages before and after them too", () => {
    const by = (seq: number, id: string, nickname: string) => message(seq, { author: { id, nickname } });
    const page = [by(10, ANN, "Ann"), by(11, "bob", "Bob"), by(12, "cho", "Cho")];
    const names = new DuplicateNicknames();
    const authors = new ObservedAuthors(names);
    const duplicates = () => ["Ann", "Bob", "Cho"].filter((name) => names.isDuplicate(name));
    authors.observe([]);
    authors.observe(page);
    expect(duplicates()).toEqual([]);
    authors.observe([by(9, OTHER_ANN, "ann"), ...page]);
    expect(duplicates()).toEqual(["Ann"]);
    authors.observe([...page, by(13, "another bob", "Bob")]);
    expect(duplicates()).toEqual(["Ann", "Bob"]);
    authors.observe([by(30, "another cho", "Cho")]);
    expect(duplicates()).toEqual(["Ann", "Bob", "Cho"]);
  });

  it("is observed once for each message", () => {
    const names = new DuplicateNicknames();
    const observe = vi.spyOn(names, "observe");
    const authors = new ObservedAuthors(names);
    const page = [message(1), message(2)];
    authors.observe(page);
    authors.observe([...page, message(3)]);
    expect(observe).toHaveBeenCalledTimes(3);
  });

  it("is dropped after too many others", () => {
    const names = new DuplicateNicknames(2);
    for (const [id, name] of [
      ["1", "a"],
      ["2", "b"],
      ["3", "c"],
      ["4", "a"],
    ] as const)
      names.observe(id, name);
    expect(names.isDuplicate("a")).toBe(false);
  });

  it.each([
    ["Ann", "Ann"],
    [" 지우 ", "지우"],
    ["\u3164", "?"],
    ["\u2800\u200b", "?"],
    ["\ufe0f\u034f", "?"],
    ["\u0301\u0301", "?"],
    ["", "?"],
    ["\u202eAnn", "Ann"],
    ["🦊", "🦊"],
  ])("%j is shown as %j", (name, expected) => {
    expect(shownName(name, "?")).toBe(expected);
  });
});

it("two people with the same nickname have different tags in a sentence", () => {
  const [one, other] = [ANN, OTHER_ANN].map((id) => personInSentence(i18next.t, { id, nickname: "Ann" }));
  expect(one).toMatch(/^Ann #[2-9a-z]{4}$/);
  expect(other).not.toBe(one);
});

describe("the name of an erased person", () => {
  const erased = erasedAuthor("5d3f1c9a-7a51-4b7e-9d0e-2f4d3c1b0a98");

  it.each([
    ["en", "Deleted person"],
    ["ko", "삭제된 사용자"],
    ["ja", "削除された人"],
  ])("is in the reader's language: %s", async (language, name) => {
    await i18next.changeLanguage(language);
    expect(personName(i18next.t, erased)).toBe(name);
    expect(personInSentence(i18next.t, erased)).toBe(`${name} #${userTag(erased.id)}`);
  });

  it("is not given to a living person, nor to names that only contain it", () => {
    expect(personName(i18next.t, { id: ANN, nickname: "deleted" })).toBe("deleted");
    expect(personName(i18next.t, { ...erased, nickname: "deleted scenes" })).toBe("deleted scenes");
  });

  it("is not offered for mentions", () => {
    const messages = [message(1, { author: erased }), message(2, { author: { id: ANN, nickname: "Ann" } })];
    expect(recentNicknames(messages)).toEqual(["Ann"]);
  });
});
