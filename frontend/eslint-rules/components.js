/** A component either renders or coordinates: a file that draws elements keeps no state, runs no effects and reads no
 * store. Its coordinating component, or a hook, does that and passes the result as props. */

const DRAWS =
  "Program:has(:matches(JSXOpeningElement > JSXIdentifier.name[name=/^[a-z]/], JSXAttribute[name.name='className']))";
const HOOK = "/^use(?!Translation$)[A-Z]/";
const MESSAGE =
  "A component either renders or coordinates: move the hook to a coordinating component, and pass props.";

/** For `no-restricted-syntax`. `useTranslation` only supplies words. */
export const renderOrCoordinate = [
  {
    selector: `${DRAWS} CallExpression:matches([callee.name='use'], [callee.name=${HOOK}], [callee.property.name=${HOOK}])`,
    message: MESSAGE,
  },
  { selector: `${DRAWS} ClassDeclaration[superClass.name=/^(Pure)?Component$/]`, message: MESSAGE },
];

/** For `no-restricted-syntax`. All readers of a context render again when its value is a new object. */
export const stableContextValue = [
  {
    selector:
      "JSXOpeningElement[name.name=/Context$/] > JSXAttribute[name.name='value'] > JSXExpressionContainer > :matches(ObjectExpression, ArrayExpression, ArrowFunctionExpression, FunctionExpression)",
    message: "A new value of a context renders all its readers: use useMemo, useCallback or useState.",
  },
];
