import type { Rule } from "eslint";

export const TIMER_FILES: readonly string[];
export const waits: Rule.RuleModule;
