/** Tests share the deadline of vitest.config.ts: on a busy machine a shorter one fails now and then. */

const HOW = "Leave the deadline to vitest.config.ts.";

/** For `no-restricted-syntax` in tests. */
export const testTimeouts = [
  {
    selector: "CallExpression[callee.name=/^(it|test)$/] > ObjectExpression > Property[key.name='timeout']",
    message: HOW,
  },
  { selector: "CallExpression[callee.name=/^(it|test)$/] > Literal.arguments[raw=/^[0-9]/]", message: HOW },
];
