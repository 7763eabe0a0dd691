import { parser } from "typescript-eslint";
import { Linter } from "eslint";
import ts from "typescript";
import { expect, it } from "vitest";
import { ownKeys } from "../../eslint-rules/own-keys.js";

const FILE = "case.ts";

/** The number of complaints about a program of one file. It has no library, which would take a second to read. */
function complaints(code: string): number {
  const options: ts.CompilerOptions = { noLib: true, target: ts.ScriptTarget.ES2022 };
  const source = ts.createSourceFile(FILE, code, ts.ScriptTarget.ES2022, true);
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost(options),
    getSourceFile: (name) => (name === FILE ? source : undefined),
  };
  const program = ts.createProgram([FILE], options, host);
  const found = new Linter().verify(
    code,
    {
      files: ["**/*.ts"],
      languageOptions: { parser: parser, parserOptions: { programs: [program] } },
      plugins: { hotchat: { rules: { "own-keys": ownKeys } } },
      rules: { "hotchat/own-keys": "error" },
    },
    { filename: FILE },
  );
  expect(found.filter(({ fatal }) => fatal)).toEqual([]);
  return found.length;
}

const DECLARED = `
  declare const counts: { readonly [roomId: string]: number };
  declare const list: { readonly [index: number]: number };
  declare const text: string, index: number, kind: "heart" | "sad";
  declare const maybe: string | undefined;
`;

it.each(["counts[text]", "counts[`${text}`]", "counts[maybe!]", "text in counts", "counts?.[text]"])(
  "a string from outside is no key: %s",
  (expression) => {
    expect(complaints(`${DECLARED} const found = ${expression};`)).toBe(1);
  },
);

it.each(['counts["heart"]', "counts[kind]", "list[index]", '"heart" in counts', "kind in counts"])(
  "a key that the code names is allowed: %s",
  (expression) => {
    expect(complaints(`${DECLARED} const found = ${expression};`)).toBe(0);
  },
);
