"""docs/decisions/README.md: the list of decision records, from their titles."""

from pathlib import Path

DECISIONS = Path(__file__).resolve().parent.parent / "docs" / "decisions"

INTRODUCTION = """\
# Decisions

A decision record explains what the code cannot show: the reason, the cost and the rejected alternatives. It fits on
half a page.

To add one, copy [template.md](template.md) to the next free number, name the file after the subject, and run
`.venv/bin/python scripts/generate.py`, which makes this page. A record changes when the decision does; the commit log
keeps the old text.

| number | decision |
| --- | --- |
"""


def decisions_page() -> str:
    return INTRODUCTION + "".join(_row(path) for path in sorted(DECISIONS.glob("0*.md")))


def _row(path: Path) -> str:
    number, title = path.read_text().splitlines()[0].removeprefix("# ").split(". ", 1)
    return f"| {number} | [{title}]({path.name}) |\n"
