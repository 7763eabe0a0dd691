/** Moves the focus to the row above or below, and scrolls it into view. Tab reaches the row's buttons. Returns whether
 * the focus moved. */
export function moveRowFocus(list: HTMLElement, key: string): boolean {
  const step = key === "ArrowUp" ? -1 : key === "ArrowDown" ? 1 : 0;
  if (step === 0) return false;
  const rows = [...list.querySelectorAll<HTMLElement>("article")].sort(
    (a, b) => a.getBoundingClientRect().top - b.getBoundingClientRect().top,
  );
  const at = rows.findIndex((row) => row.contains(document.activeElement));
  const next = at === -1 ? lastInView(list, rows) : rows[at + step];
  if (next === undefined) return false;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  return true;
}

function lastInView(list: HTMLElement, rows: HTMLElement[]): HTMLElement | undefined {
  const bottom = list.getBoundingClientRect().bottom;
  return rows.findLast((row) => row.getBoundingClientRect().bottom <= bottom);
}
