/** Text fields clean what is pasted, and leave a text and its keys alone while an input method is composing. */

const TEXT_FIELD =
  "JSXOpeningElement[name.name=/^(input|textarea)$/]:not(:has(JSXAttribute[name.name='type'] > Literal[value=/^(checkbox|radio|range|file)$/]))";

/** For `no-restricted-syntax`. */
export const textInputs = [
  {
    selector: `${TEXT_FIELD} JSXAttribute[name.name=/^on(Change|Input)$/] MemberExpression[property.name='value'][object.property.name=/^(currentT|t)arget$/]`,
    message: "Read the text with textAfterInput, which cleans what is pasted.",
  },
  {
    selector:
      ":matches(MemberExpression[property.name=/^(isComposing|keyCode|which)$/], JSXAttribute[name.name=/^onComposition/])",
    message: "hideComposingKeys keeps the keys of input methods from every handler: handle no others.",
  },
];
