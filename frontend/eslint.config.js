import reactHooks from "eslint-plugin-react-hooks";
import tseslint from "typescript-eslint";
import { userTextImports, userTextInJsx } from "./eslint-user-text.js";

/** Imports point one way: app → features → lib. `from` may not import what lies under `targets`. */
const zone = (from, ...targets) => ({
  files: [`src/${from}/**`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          ...targets.map((target) => ({ group: [`@/${target}/**`, `**/../${target}/**`] })),
          ...(from === "lib" ? [] : userTextImports),
        ],
      },
    ],
  },
});

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
  zone("lib", "features", "app"),
  zone("features", "app"),
  zone("features/rooms", "app", "features/chat"),
  zone("app"),
  {
    files: ["src/features/**", "src/app/**"],
    rules: { "no-restricted-syntax": ["error", ...userTextInJsx] },
  },
  // The one place that draws a message.
  { files: ["src/features/chat/MessageText.tsx"], rules: { "no-restricted-imports": "off" } },
  { files: ["eslint*.js"], ...tseslint.configs.disableTypeChecked },
);
