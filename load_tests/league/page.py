"""Writes the league's table into docs/league.md, between its two marks."""

from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "league.md"
BEGIN, END = "<!-- figures: made by `make league` -->", "<!-- end of the figures -->"


def with_table(page: str, table: str) -> str:
    """The page with everything between the marks replaced. Raises ValueError if it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("docs/league.md lacks the marks around its figures")
    return f"{before}{begin}\n\n{table}\n\n{end}{after}"


def write_page(table: str) -> None:
    PAGE.write_text(with_table(PAGE.read_text(), table))
