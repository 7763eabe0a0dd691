import { describe, expect, it } from "vitest";
import { completionsAt } from "@/lib/completion/completion";
import { emojiEntries } from "../vite-emoji-data";

const NAMES = [
  { emoji: "🐙", name: "octopus", shortcodes: ["octopus"], words: ["octopus", "animal"] },
  { emoji: "🥳", name: "partying face", shortcodes: ["partying_face"], words: ["face", "party"] },
  { emoji: "🎉", name: "party popper", shortcodes: ["tada", "party"], words: ["party", "popper", "tada"] },
  { emoji: "🎊", name: "confetti ball", shortcodes: ["confetti_ball"], words: ["ball", "party"] },
  { emoji: "🔥", name: "불", shortcodes: ["fire"], words: ["불", "뜨거운"] },
];
const labels = (text: string, caret = text.length) =>
  completionsAt(text, caret, () => ["Ann", "Annabel", "지우"], NAMES).map(({ label }) => label);

describe("completions of the word before the caret", () => {
  it("are names that begin with it, in any script and any case", () => {
    expect(labels("hello @an")).toEqual(["@Ann", "@Annabel"]);
    expect(labels("@지")).toEqual(["@지우"]);
    expect(labels("mail@an")).toEqual([]);
  });

  it.each([
    ["@अनि", "अनिल"],
    ["@ศิ", "ศิริพร"],
    ["@முரு", "முருகன்"],
    ["@עֲנָ", "עֲנָת"],
    ["@Ann L", "Ann Lee"],
    ["hi @ann lee", "Ann Lee"],
    ["(@Ann L", "Ann Lee"],
    ["ねえ@はな", "はなこ"],
    ["@o'", "O'Neil"],
    ["@zoe\u0308", "Zoë"],
    ["@🦊", "🦊 Fox"],
    ["@inc", "İnci"],
    ["ねえ＠はな", "はなこ"],
    ["＠ann l", "Ann Lee"],
    ["@işı", "Işıl"],
  ])("are whole names for %j", (text, name) => {
    const names = [
      "अनिल",
      "ศิริพร",
      "முருகன்",
      "עֲנָת",
      "Ann Lee",
      "はなこ",
      "O'Neil",
      "Zoë",
      "🦊 Fox",
      "İnci",
      "Işıl",
    ];
    const [found] = completionsAt(text, text.length, () => names, []);
    expect(found).toEqual({
      label: `@${name}`,
      insert: `@${name} `,
      from: text.search(/[@＠]/),
      to: text.length,
    });
  });

  it("end with the name: a space after it suggests nothing", () => {
    const names = () => ["Ann", "Ann Lee"];
    for (const text of ["@Ann ", "@ ", "@Ann hello", "@Ann\n", "mail@an", "a@Ann"])
      expect(completionsAt(text, text.length, names, [])).toEqual([]);
    expect(completionsAt("@Ann", 0, names, [])).toEqual([]);
  });

  it("are emoji by shortcode, shortest first, then by the words of the reader's language, each once", () => {
    expect(labels(":party")).toEqual(["🎉 :party:", "🥳 :partying_face:", "🎊 :confetti ball:"]);
    expect(labels(":tada")).toEqual(["🎉 :tada:"]);
    expect(labels("an :octo")).toEqual(["🐙 :octopus:"]);
  });

  it("need one syllable or two Latin letters", () => {
    expect(labels(":불")).toEqual(["🔥 :불:"]);
    expect(labels(":o")).toEqual([]);
    expect(labels(":")).toEqual([]);
  });

  it("replace only the word before the caret", () => {
    const [first] = completionsAt("hi @an there", 6, () => ["Ann"], NAMES);
    expect(first).toMatchObject({ insert: "@Ann ", from: 3, to: 6 });
  });
});

describe("the emoji data of the build", () => {
  it("keeps name, shortcodes and words of each emoji, and drops parts of emoji", () => {
    const data = [
      { emoji: "🇦", hexcode: "1F1E6", label: "regional indicator A" },
      { emoji: "👍", hexcode: "1F44D", label: "thumbs up", tags: ["+1", "good", "thumbs"] },
    ];
    expect(emojiEntries(data, { "1F44D": ["+1", "thumbsup"] })).toEqual([
      ["👍", "thumbs up", "+1 thumbsup", "thumbs up +1 good"],
    ]);
  });
});
