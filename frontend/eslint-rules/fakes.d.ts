import type { Rule } from "eslint";

export const uncheckedFakes: { selector: string; message: string }[];
export const checkedFakes: Rule.RuleModule;
