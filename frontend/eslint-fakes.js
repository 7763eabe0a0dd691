/** Tests build hand-made servers with `tests/support/contract.ts` only, which checks them against the OpenAPI document. */

const HOW =
  "Wrap it in checkedApi or checkedListener of tests/support/contract.ts, which checks it against the contract.";

/** For `no-restricted-syntax` in tests. */
export const uncheckedFakes = [
  {
    selector: ":matches(Property, PropertyDefinition)[key.name=/^(api|chatApi)$/] > ObjectExpression.value",
    message: HOW,
  },
  { selector: "VariableDeclarator[id.name=/(^a|A)pi$/] > ObjectExpression.init", message: HOW },
  {
    selector: ":matches(NewExpression[callee.name='Response'], MemberExpression[object.name='Response'])",
    message: HOW,
  },
];
