import type { Rule } from "eslint";

export const textElements: Rule.RuleModule;
