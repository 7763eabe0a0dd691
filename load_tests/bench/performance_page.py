"""Writes a run's figures into docs/performance.md: the table between its two marks, and the plots next to it."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from load_tests.bench.outcome import Row
from load_tests.bench.results import goals, number

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "performance.md"
PLOTS = PAGE.with_name("performance")
BEGIN, END = "<!-- figures: made by `make bench` -->", "<!-- end of the figures -->"


def with_figures(page: str, machine: Mapping[str, str], rows: Iterable[Row], plots: Iterable[str]) -> str:
    """The page with everything between the marks replaced. Raises ValueError if it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("docs/performance.md lacks the marks around its figures")
    taken_on = ", ".join(f"{key}: {value}" for key, value in machine.items())
    lines = [
        f"Taken on: {taken_on}.",
        "",
        "| what | ours | reference | ratio | goal | |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    notes = []
    for row in rows:
        mark = ""
        if row.note:
            notes.append(row.note)
            mark = f" [{len(notes)}]"
        lines.append(f"| {row.what}{mark} | {' | '.join(_cells(row))} |")
    lines += ["", *(f"{index}. {note}" for index, note in enumerate(notes, 1)), ""]
    lines += [f"![{name}](performance/{name}.svg)" for name in plots]
    body = "\n".join(lines)
    return f"{before}{begin}\n\n{body}\n\n{end}{after}"


def write_page(machine: Mapping[str, str], rows: Iterable[Row], plots: Iterable[Path]) -> None:
    drawn = list(plots)
    PAGE.write_text(with_figures(PAGE.read_text(), machine, rows, [plot.stem for plot in drawn]))
    PLOTS.mkdir(exist_ok=True)
    for plot in drawn:
        shutil.copyfile(plot, PLOTS / plot.name)


def _cells(row: Row) -> tuple[str, str, str, str, str]:
    reference = (
        f"{number(row.reference_value)} {row.unit}, {row.reference}" if row.reference_value else row.reference
    )
    ratio = f"{number(row.ratio)} ×" if row.ratio is not None else ""
    met = {True: "met", False: "**missed**", None: ""}[row.met]
    return f"{number(row.ours)} {row.unit}", reference, ratio, goals(row), met
