import { parser } from "typescript-eslint";
import { Linter } from "eslint";
import ts from "typescript";
import { expect, it } from "vitest";
import { checkedFakes, uncheckedFakes } from "../../eslint-rules/fakes.js";

const FILE = "case.ts";
const DECLARED = `
  type Pick<T, K extends keyof T> = { [P in K]: T[P] };
  declare class ChatApi { me(): number; post(text: string): number }
  declare class Checked { private readonly isChecked: true }
  declare function checkedApi<Fake extends object>(fake: Fake): Fake & Checked;
  declare class SessionStore { constructor(api: Pick<ChatApi, "me">, storage: null) }
  declare class Outbox { constructor(options: { readonly api: Pick<ChatApi, "post">; readonly name?: string }) }
  declare const room: { readonly api: Pick<ChatApi, "me" | "post"> & Checked };
  const me = () => 1;
  const post = (text: string) => 1;
`;

/** The number of complaints about a program of one file. It has no library, which would take a second to read. */
function complaints(code: string): number {
  const program = DECLARED + code;
  const options: ts.CompilerOptions = { noLib: true, target: ts.ScriptTarget.ES2022 };
  const source = ts.createSourceFile(FILE, program, ts.ScriptTarget.ES2022, true);
  const host: ts.CompilerHost = {
    ...ts.createCompilerHost(options),
    getSourceFile: (name) => (name === FILE ? source : undefined),
  };
  const found = new Linter().verify(
    program,
    {
      files: ["**/*.ts"],
      languageOptions: {
        parser,
        parserOptions: { programs: [ts.createProgram([FILE], options, host)] },
      },
      plugins: { hotchat: { rules: { "checked-fakes": checkedFakes } } },
      rules: { "hotchat/checked-fakes": "error", "no-restricted-syntax": ["error", ...uncheckedFakes] },
    },
    { filename: FILE },
  );
  expect(found.filter(({ fatal }) => fatal)).toEqual([]);
  return found.length;
}

it.each([
  "new Outbox({ api: { post } });",
  "const answers = { me, post }; new SessionStore(answers, null);",
  "const answers = { me, post }; new Outbox({ api: answers });",
  "const api = { post }; new Outbox({ api });",
  "class Fake { api: Pick<ChatApi, 'post'> = { post }; }",
  "const api = checkedApi({ me }); new SessionStore({ ...api, me }, null);",
  "const api = checkedApi({ me }); const copy = { ...api, me }; new SessionStore(copy, null);",
  "const answer = () => new Response('{}');",
  "const answer = () => Response.json({});",
])("a test with a server that is not checked fails the lint: %s", (code) => {
  expect(complaints(code)).toBe(1);
});

it.each([
  "new Outbox({ api: checkedApi({ post }), name: 'a' });",
  "const api = checkedApi({ me }); new SessionStore(api, null);",
  "const api = checkedApi({ post }); new Outbox({ api });",
  "const api = checkedApi({ me }); new SessionStore(checkedApi({ ...api, me }), null);",
  "new Outbox({ api: room.api });",
  "declare const api: ChatApi; new SessionStore(api, null);",
  "class Fake { api = checkedApi({ post }); }",
])("a test with a checked server passes the lint: %s", (code) => {
  expect(complaints(code)).toBe(0);
});
