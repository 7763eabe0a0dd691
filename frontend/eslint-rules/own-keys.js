/** A string from outside is no key of a plain object: `constructor` or `__proto__` would find what every object inherits. */
import ts from "typescript";

const HOW = "Any string may be a name that objects inherit: use a Map, or read it with ownValue.";

/** Whether a type includes strings other than a few literal ones. */
const includesAnyString = (type) =>
  type.isUnion() ? type.types.some(includesAnyString) : (type.flags & ts.TypeFlags.String) !== 0;

/** The rule `own-keys`: no `object[text]` and no `text in object`. It needs type information. */
export const ownKeys = {
  meta: { type: "problem", schema: [], messages: { own: HOW } },
  create(context) {
    const isText = (node) => includesAnyString(context.sourceCode.parserServices.getTypeAtLocation(node));
    return {
      "MemberExpression[computed=true]"(node) {
        if (node.property.type !== "Literal" && isText(node.property))
          context.report({ node: node.property, messageId: "own" });
      },
      "BinaryExpression[operator='in']"(node) {
        if (node.left.type !== "PrivateIdentifier" && isText(node.left))
          context.report({ node: node.left, messageId: "own" });
      },
    };
  },
};
