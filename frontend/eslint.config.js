import reactHooks from "eslint-plugin-react-hooks";
import regexp from "eslint-plugin-regexp";
import tseslint from "typescript-eslint";
import { renderOrCoordinate, stableContextValue } from "./eslint-rules/components.js";
import { checkedFakes, uncheckedFakes } from "./eslint-rules/fakes.js";
import { joinsOnce } from "./eslint-rules/joins.js";
import { layerRules } from "./eslint-rules/layers.js";
import { ownKeys } from "./eslint-rules/own-keys.js";
import { testTimeouts } from "./eslint-rules/test-timeouts.js";
import { textElements } from "./eslint-rules/text-elements.js";
import { textInputs } from "./eslint-rules/text-inputs.js";
import { userTextInJsx } from "./eslint-rules/user-text.js";
import { TIMER_FILES, waits } from "./eslint-rules/waits.js";

const EVERYWHERE = [...joinsOnce, ...textInputs];

export default tseslint.config(
  { ignores: ["dist", "src/lib/contract/openapi.ts"] },
  ...tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  {
    plugins: {
      "react-hooks": reactHooks,
      regexp,
      hotchat: {
        rules: { "checked-fakes": checkedFakes, "own-keys": ownKeys, "text-elements": textElements, waits },
      },
    },
    rules: {
      // A text of 4,000 characters must not cost its square.
      "regexp/no-super-linear-backtracking": ["error", { report: "potential" }],
      "regexp/no-super-linear-move": ["error", { report: "potential" }],
      "hotchat/own-keys": "error",
      "hotchat/text-elements": "error",
      "react-hooks/rules-of-hooks": "error",
      "react-hooks/exhaustive-deps": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidOperator: true, ignoreVoidReturningFunctions: true },
      ],
      "@typescript-eslint/no-meaningless-void-operator": "off",
      "@typescript-eslint/no-empty-function": ["error", { allow: ["arrowFunctions"] }],
      "@typescript-eslint/no-misused-promises": ["error", { checksVoidReturn: { attributes: false } }],
      "@typescript-eslint/only-throw-error": [
        "error",
        { allowThrowingUnknown: true, allowThrowingAny: true },
      ],
    },
  },
  {
    files: ["src/**"],
    ignores: ["src/lib/api/deadline.ts"],
    rules: {
      "no-restricted-globals": [
        "error",
        { name: "fetch", message: "Every request has a deadline: use fetchWithDeadline." },
      ],
    },
  },
  {
    files: ["src/**"],
    ignores: TIMER_FILES.map((file) => `src/${file}`),
    rules: { "hotchat/waits": "error" },
  },
  ...layerRules,
  {
    files: ["src/**"],
    ignores: ["src/lib/input-method.ts", "src/lib/session/session-store.ts"],
    rules: { "no-restricted-syntax": ["error", ...EVERYWHERE] },
  },
  {
    files: ["src/app/**", "src/features/**", "src/ui/**"],
    rules: {
      "no-restricted-syntax": [
        "error",
        ...EVERYWHERE,
        ...userTextInJsx,
        ...stableContextValue,
        ...renderOrCoordinate,
      ],
    },
  },
  {
    files: ["src/ui/user-text/**"],
    rules: { "no-restricted-syntax": ["error", ...EVERYWHERE, ...stableContextValue, ...renderOrCoordinate] },
  },
  {
    files: ["tests/**"],
    ignores: ["tests/support/contract.ts"],
    rules: {
      "no-restricted-syntax": ["error", ...uncheckedFakes, ...testTimeouts],
      "hotchat/checked-fakes": "error",
    },
  },
  { files: ["eslint.config.js", "eslint-rules/*.js"], ...tseslint.configs.disableTypeChecked },
  {
    files: ["eslint.config.js", "eslint-rules/*.js"],
    rules: { "hotchat/own-keys": "off", "hotchat/text-elements": "off" },
  },
);
