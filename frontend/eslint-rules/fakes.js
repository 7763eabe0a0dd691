/** Tests build hand-made servers with `tests/support/contract.ts` only, which checks them against the OpenAPI document. */
import ts from "typescript";

const HOW =
  "Wrap it in checkedApi or checkedListener of tests/support/contract.ts, which checks it against the contract.";

/** For `no-restricted-syntax` in tests. */
export const uncheckedFakes = [
  {
    selector: ":matches(NewExpression[callee.name='Response'], MemberExpression[object.name='Response'])",
    message: HOW,
  },
];

const partsOf = (type) => (type.isUnion() ? type.types : [type]);

/** The classes whose methods call chat_server. */
const APIS = ["ChatApi", "HostApi"];

/** Whether values of a type serve calls of chat_server: one of its members is declared in such a class. */
const isApi = (type) =>
  partsOf(type).some((part) =>
    part
      .getProperties()
      .some((member) =>
        member.declarations?.some(
          ({ parent }) => ts.isClassDeclaration(parent) && APIS.includes(parent.name?.text),
        ),
      ),
  );

/** What checkedApi returns has this private member, which a copy by spreading loses. The real classes need no check. */
const isChecked = (type) =>
  APIS.includes(type.symbol?.name) || type.getProperties().some(({ name }) => name === "isChecked");

/** The rule `checked-fakes`: what tests pass as a ChatApi or HostApi comes from checkedApi. It needs type information. */
export const checkedFakes = {
  meta: { type: "problem", schema: [], messages: { unchecked: HOW } },
  create(context) {
    const { program, esTreeNodeToTSNodeMap, getTypeAtLocation } = context.sourceCode.parserServices;
    const checker = program.getTypeChecker();
    return {
      ":matches(CallExpression, NewExpression) > .arguments, Property > .value, PropertyDefinition > .value"(
        node,
      ) {
        const { parent } = node;
        if (parent.type === "CallExpression" && parent.callee.name === "checkedApi") return;
        const tsNode = esTreeNodeToTSNodeMap.get(node);
        const expected = ts.isExpression(tsNode) ? checker.getContextualType(tsNode) : undefined;
        if (expected !== undefined && isApi(expected) && !isChecked(getTypeAtLocation(node)))
          context.report({ node, messageId: "unchecked" });
      },
    };
  },
};
