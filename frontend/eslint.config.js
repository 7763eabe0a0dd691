import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";
import { layerRules } from "./eslint-layers.js";
import { userTextInJsx } from "./eslint-user-text.js";

export default tseslint.config(
  { ignores: ["dist", "src/lib/contract/openapi.ts"] },
  ...tseslint.configs.strictTypeChecked,
  { languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } } },
  {
    plugins: { "react-hooks": reactHooks },
    rules: {
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
  ...layerRules,
  {
    files: ["src/app/**", "src/features/**", "src/ui/**"],
    ignores: ["src/ui/user-text/**"],
    rules: { "no-restricted-syntax": ["error", ...userTextInJsx] },
  },
  { files: ["eslint*.js"], ...tseslint.configs.disableTypeChecked },
);
