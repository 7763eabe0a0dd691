import { expect, it } from "vitest";
import { testTimeouts } from "../../eslint-rules/test-timeouts.js";
import { complaintsOf } from "../support/restricted-syntax";

const complaints = complaintsOf(...testTimeouts);

it.each(["it('a name', { timeout: 60_000 }, () => {});", "test('a name', () => {}, 60_000);"])(
  "a test with a deadline of its own fails the lint: %s",
  (code) => expect(complaints(code)).toBe(1),
);

it.each(["it('a name', () => {});", "call('a name', { timeout: 60_000 });", "test(names[0], () => {});"])(
  "other calls pass the lint: %s",
  (code) => expect(complaints(code)).toBe(0),
);
