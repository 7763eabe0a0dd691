/** The trimmed text of a form's field; empty where the form has no such field. */
export function textField(fields: FormData, name: string): string {
  const value = fields.get(name);
  return typeof value === "string" ? value.trim() : "";
}
