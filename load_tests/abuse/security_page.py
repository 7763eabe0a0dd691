"""Writes a drill's results into docs/security.md, between its two marks."""

from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).resolve().parent.parent.parent / "docs" / "security.md"
BEGIN: Final = "<!-- results: made by `make abuse` -->"
END: Final = "<!-- end of the results -->"


def with_results(page: str, results: str) -> str:
    """The page with everything between the marks replaced. Raises ValueError if it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("docs/security.md lacks the marks around the results")
    return f"{before}{begin}\n\n{results}\n\n{end}{after}"
