import { parser } from "typescript-eslint";
import { Linter } from "eslint";
import ts from "typescript";
import { expect, it } from "vitest";
import { textElements } from "../../eslint-rules/text-elements.js";

const FILE = "case.tsx";
const DECLARED = `
  declare namespace JSX { interface IntrinsicElements { p: any; b: any } }
  declare function t(key: string): string;
  declare const count: number, isShown: boolean, icon: { type: "b" }, maybe: string | undefined;
  declare const node: { type: "b" } | string | null;
`;

/** The number of complaints about an expression, in a program of one file without a library. */
function complaints(expression: string): number {
  const code = `${DECLARED} const drawn = ${expression};`;
  const options: ts.CompilerOptions = {
    noLib: true,
    target: ts.ScriptTarget.ES2022,
    jsx: ts.JsxEmit.Preserve,
  };
  const source = ts.createSourceFile(FILE, code, ts.ScriptTarget.ES2022, true, ts.ScriptKind.TSX);
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost(options),
    getSourceFile: (name) => (name === FILE ? source : undefined),
  };
  const program = ts.createProgram([FILE], options, host);
  const found = new Linter().verify(
    code,
    {
      files: ["**/*.tsx"],
      languageOptions: { parser, parserOptions: { programs: [program], ecmaFeatures: { jsx: true } } },
      plugins: { hotchat: { rules: { "text-elements": textElements } } },
      rules: { "hotchat/text-elements": "error" },
    },
    { filename: FILE },
  );
  expect(found.filter(({ fatal }) => fatal)).toEqual([]);
  return found.length;
}

it.each([
  "<p>{icon} {t('word')}</p>",
  "<p>{t('word')}<b /></p>",
  "<p>{count}<b /></p>",
  "<p>words<b /></p>",
  "<p>{isShown && t('word')}<b /></p>",
  "<p>{isShown ? t('one') : t('two')}{icon}</p>",
  "<p>{maybe}<b /></p>",
  "<>{t('word')}<b /></>",
])("text next to other children needs an element: %s", (expression) => {
  expect(complaints(expression)).toBe(1);
});

it.each([
  "<p>{t('word')}</p>",
  "<p>{isShown ? t('one') : count}</p>",
  "<p>{icon} <b>{t('word')}</b></p>",
  '<p>{icon}{" "}<b /></p>',
  "<p>{node}<b /></p>",
  "<p>{isShown && icon}<b /></p>",
  "<p>{/* a comment */}{t('word')}</p>",
])("text alone in its element is allowed: %s", (expression) => {
  expect(complaints(expression)).toBe(0);
});
