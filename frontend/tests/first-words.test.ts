import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";
import { expect, it } from "vitest";
import { lazyEn } from "@/lib/i18n/lazy-en";

const SRC = join(import.meta.dirname, "../src");

function fileOf(specifier: string, importer: string): string | undefined {
  const path = specifier.startsWith("@/")
    ? join(SRC, specifier.slice(2))
    : specifier.startsWith(".") && join(dirname(importer), specifier);
  return path === false ? undefined : [`${path}.ts`, `${path}.tsx`].find((file) => existsSync(file));
}

/** The files that a module imports statically, and not for types alone. */
function importsOf(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(file, "utf8"), ts.ScriptTarget.ES2022);
  return source.statements.flatMap((statement) => {
    const isImport =
      ts.isImportDeclaration(statement) &&
      statement.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword;
    const isExport = ts.isExportDeclaration(statement) && !statement.isTypeOnly;
    if (!isImport && !isExport) return [];
    const { moduleSpecifier } = statement;
    if (moduleSpecifier === undefined || !ts.isStringLiteral(moduleSpecifier)) return [];
    return fileOf(moduleSpecifier.text, file) ?? [];
  });
}

/** The files of the first load. */
function firstFiles(): Set<string> {
  const found = new Set([join(SRC, "app/main.tsx")]);
  for (const file of found) for (const imported of importsOf(file)) found.add(imported);
  return found;
}

const keys = Object.entries(lazyEn).flatMap(([section, sentences]) =>
  Object.keys(sentences).map((key) => `${section}.${key.replace(/_(?:zero|one|other)$/, "")}`),
);

it("the first load shows no sentence that is loaded later", () => {
  const files = [...firstFiles()];
  expect(files.length).toBeGreaterThan(100);
  const shown = files.flatMap((file) => {
    const code = readFileSync(file, "utf8");
    return keys.filter((key) => code.includes(`"${key}"`)).map((key) => `${relative(SRC, file)}: ${key}`);
  });
  expect(shown).toEqual([]);
});
