import { Linter } from "eslint";
import { expect, it } from "vitest";
import { uncheckedFakes } from "../../eslint-fakes.js";

const complaints = (code: string) =>
  new Linter().verify(code, { rules: { "no-restricted-syntax": ["error", ...uncheckedFakes] } }).length;

it.each([
  "const outbox = new Outbox({ api: { post: () => made } });",
  "class Fake { api = { page: () => made }; }",
  "const api = { me: () => ann };",
  "const chatApi = { me: () => ann };",
  "const answer = () => new Response('{}');",
  "const answer = () => Response.json({});",
])("a test with a server that is not checked fails the lint: %s", (code) => {
  expect(complaints(code)).toBe(1);
});

it.each([
  "const outbox = new Outbox({ api: checkedApi({ post: () => made }) });",
  "const api = checkedApi({ me: () => ann });",
  "const feed = new RoomFeed({ api: room.api });",
])("a test with a checked server passes the lint: %s", (code) => {
  expect(complaints(code)).toBe(0);
});
