/** Only `ui/user-text` draws what people wrote: its components bound it and contain its errors. */

const HOW = "Draw it with PersonName, UntaggedName, ShownName, OneLine or MessageText.";
// In handlers it is not drawn, and these attributes hand it to a component that draws it.
const HANDED_ON = "JSXAttribute[name.name=/^(of|text|user|key|on[A-Z].*)$/]";

/** For `no-restricted-syntax`. */
export const userTextInJsx = [
  {
    selector: `JSXExpressionContainer:not(${HANDED_ON} > JSXExpressionContainer) > MemberExpression[property.name=/^(text|nickname|name|label)$/]`,
    message: HOW,
  },
  {
    selector: `JSXExpressionContainer:not(${HANDED_ON} > JSXExpressionContainer) > :matches(CallExpression, TemplateLiteral, ConditionalExpression, LogicalExpression) > MemberExpression[property.name=/^(text|nickname)$/]`,
    message: HOW,
  },
  { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: HOW },
  {
    selector:
      ":matches(CallExpression[callee.name=/^(shownName|nameInSentence|initialOf)$/], JSXOpeningElement[name.name='ShownName']) MemberExpression[property.name='nickname']",
    message: "Erased people have a name in the reader's language: use personName or UntaggedName.",
  },
];

/** For `no-restricted-imports`. */
export const userTextImports = [
  { group: ["**/harmless-text", "**/user-text/draw-text", "**/text/grammar"], message: HOW },
  {
    group: ["**/text/shown-name"],
    importNames: ["shownName"],
    message:
      "In a sentence use nameInSentence, which keeps the order of the words around the name. Else draw ShownName.",
  },
];
