import { readFileSync } from "node:fs";
import { Linter } from "eslint";
import { parser } from "typescript-eslint";
import { expect, it } from "vitest";
import { TIMER_FILES, waits } from "../../eslint-rules/waits.js";

const complaints = (code: string) =>
  new Linter().verify(
    code,
    {
      files: ["**/*.ts"],
      languageOptions: { parser },
      plugins: { hotchat: { rules: { waits } } },
      rules: { "hotchat/waits": "error" },
    },
    { filename: "case.ts" },
  ).length;

it.each([
  "clock.after(1_000, retry);",
  "this.deps.clock.after(waitMs, () => void retry());",
  "browserClock.after(1_000, retry);",
  "setTimeout(retry, 1_000);",
  "window.setTimeout(retry, 1_000);",
])("a wait that does not end when the network returns fails the lint: %s", (code) => {
  expect(complaints(code)).toBe(1);
});

it.each(["await network.wait(1_000, signal);", "iterator.after(node);", "clearTimeout(timer);"])(
  "other calls pass the lint: %s",
  (code) => {
    expect(complaints(code)).toBe(0);
  },
);

it.each(TIMER_FILES)("a file that is excepted has a timer: %s", (file) => {
  expect(complaints(readFileSync(new URL(`../../src/${file}`, import.meta.url), "utf8"))).toBeGreaterThan(0);
});
