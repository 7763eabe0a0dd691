/** Text next to other children gets an element of its own. Translators replace text nodes: React can replace the text of an
 * element whatever is in it now, but not one text node among others. */
import ts from "typescript";

const HOW =
  "Put the text in an element of its own: translators replace text nodes, and React would lose this one.";
const NOTHING = ts.TypeFlags.Null | ts.TypeFlags.Undefined | ts.TypeFlags.BooleanLike | ts.TypeFlags.Void;
const TEXT = ts.TypeFlags.StringLike | ts.TypeFlags.NumberLike | ts.TypeFlags.BigIntLike;

const partsOf = (type) => (type.isUnion() ? type.types : [type]);

/** Whether an expression draws a text, or nothing. A blank one is never replaced. */
function isText(type) {
  const shown = partsOf(type).filter(({ flags }) => (flags & NOTHING) === 0);
  const isBlank = shown.every((part) => part.isStringLiteral() && part.value.trim() === "");
  return shown.length > 0 && !isBlank && shown.every(({ flags }) => (flags & TEXT) !== 0);
}

/** The rule `text-elements`. It needs type information. */
export const textElements = {
  meta: { type: "problem", schema: [], messages: { own: HOW } },
  create(context) {
    const isTextChild = (child) =>
      child.type === "JSXText"
        ? child.value.trim() !== ""
        : child.type === "JSXExpressionContainer" &&
          child.expression.type !== "JSXEmptyExpression" &&
          isText(context.sourceCode.parserServices.getTypeAtLocation(child.expression));
    const isDrawn = (child) =>
      child.type === "JSXText"
        ? child.value.trim() !== ""
        : !(child.type === "JSXExpressionContainer" && child.expression.type === "JSXEmptyExpression");
    return {
      "JSXElement, JSXFragment"(node) {
        const children = node.children.filter(isDrawn);
        if (children.length < 2) return;
        for (const child of children.filter(isTextChild)) context.report({ node: child, messageId: "own" });
      },
    };
  },
};
