import { expect, it } from "vitest";
import { joinsOnce } from "../../eslint-rules/joins.js";
import { complaintsOf } from "../support/restricted-syntax";

const complaints = complaintsOf(...joinsOnce);

it.each(["session.join('Ann');", "services.session.join('Ann');", "deps.session.join(nickname);"])(
  "an attempt to join that does not wait fails the lint: %s",
  (code) => expect(complaints(code)).toBe(1),
);

it.each([
  "session.joinWithRetry(nickname, wait, random);",
  "['Ann'].join(', ');",
  "rooms.join(roomId, tab);",
])("other calls pass the lint: %s", (code) => expect(complaints(code)).toBe(0));
