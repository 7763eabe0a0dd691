import { Linter } from "eslint";
import { expect, it } from "vitest";
import { userTextImports, userTextInJsx } from "../../eslint-rules/user-text.js";

const linter = new Linter();

const complaints = (code: string) =>
  linter.verify(code, {
    languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } },
    rules: {
      "no-restricted-syntax": ["error", ...userTextInJsx],
      "no-restricted-imports": ["error", { patterns: userTextImports }],
    },
  }).length;

it.each([
  "const row = <p>{message.text}</p>;",
  "const row = <b>{message.author.nickname}</b>;",
  "const row = <h1 title={room.name}>x</h1>;",
  "const row = <p>{short(message.text)}</p>;",
  "const row = <p>{isLong ? message.text : null}</p>;",
  "const row = <p title={`by ${author.nickname}`} />;",
  "const row = <p dangerouslySetInnerHTML={{ __html: message.text }} />;",
  'import { harmlessText } from "@/lib/text/harmless-text";',
  'import { drawBlocks } from "@/ui/user-text/draw-text";',
  'import { shownName } from "@/lib/text/shown-name";',
  "const name = nameInSentence(author.nickname, unnamed);",
  "const row = <ShownName of={message.author.nickname} isPerson />;",
])("a new component that draws user text itself fails the lint: %s", (code) => {
  expect(complaints(code)).toBe(1);
});

it.each([
  "const row = <MessageText text={message.text} />;",
  "const row = <PersonName of={message.author} />;",
  "const row = <ShownName of={room.name} />;",
  "const row = <UntaggedName of={message.author} />;",
  "const name = personNameInSentence(t, author);",
  "const row = <button onClick={() => copy(message.text)} />;",
  'import { nameInSentence } from "@/lib/text/shown-name";',
])("a component that passes user text on passes the lint: %s", (code) => {
  expect(complaints(code)).toBe(0);
});
