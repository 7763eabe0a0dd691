import { Linter } from "eslint";

/** Counts where code breaks these selectors of `no-restricted-syntax`. */
export const complaintsOf =
  (...selectors: { selector: string; message: string }[]) =>
  (code: string): number =>
    new Linter().verify(code, {
      languageOptions: { parserOptions: { ecmaFeatures: { jsx: true } } },
      rules: { "no-restricted-syntax": ["error", ...selectors] },
    }).length;
