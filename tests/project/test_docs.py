"""The documentation's indexes are complete, and its links and references are valid."""

import re
from pathlib import Path

import pytest

from tests.support.chat_stack import ROOT

DOCS = ROOT / "docs"
DECISIONS = DOCS / "decisions"
PAGES = sorted(path for path in [*ROOT.glob("*.md"), *ROOT.glob(".github/*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)|!\[[^\]]*\]\(([^)\s]+)\)")


def _anchors(page: str) -> set[str]:
    """The fragments that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_to_a_file_and_a_heading(path: Path) -> None:
    page = re.sub(r"```.*?```|`[^`\n]*`", "", path.read_text(), flags=re.DOTALL)
    for link in (found[1] or found[2] for found in LINK.finditer(page)):
        if "://" in link or link.startswith("mailto:"):
            continue
        name, _, fragment = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), f"{link}: there is no such file"
        if fragment and target.suffix == ".md":
            assert fragment in _anchors(target.read_text()), f"{link}: there is no such heading"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_row_of_a_table_has_the_cells_of_its_head(path: Path) -> None:
    """A row of a table that the browser would show as text or cut off: a missing cell, or a row on two lines."""
    page = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        rows = [re.sub(r"`[^`]*`", "", line).replace(r"\|", "").count("|") for line in table.splitlines()]
        assert set(rows) == {rows[0]}, table


def test_decision_numbers_are_their_files_numbers() -> None:
    for path in DECISIONS.glob("0*.md"):
        assert path.read_text().startswith(f"# {int(path.name[:4])}. "), path.name


@pytest.mark.parametrize("part", ["Context", "Decision", "Consequences", "Held by"])
def test_every_decision_has_the_parts_of_the_template(part: str) -> None:
    missing = [path.name for path in DECISIONS.glob("[0t]*.md") if f"**{part}.**" not in path.read_text()]
    assert missing == []


def test_the_index_of_the_documentation_names_every_page() -> None:
    index = (DOCS / "README.md").read_text()
    assert [
        path.name for path in DOCS.glob("*.md") if path.name != "README.md" and f"({path.name})" not in index
    ] == []


def test_every_file_and_test_that_the_docs_name_exists() -> None:
    """Files as `folder/file.py`, tests as `test_name`; a decision's *Held by* names one that fails without it."""
    sources = "".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    missing = set()
    for page in DOCS.rglob("*.md"):
        text = page.read_text()
        files = re.findall(r"`((?:\w+/)+[\w-]+\.(?:py|tsx?))`", text)
        tests = re.findall(r"`(test_\w+)`", text)
        missing |= {name for name in files if not (ROOT / name).is_file()}
        missing |= {name for name in tests if f"def {name}(" not in sources}
    assert missing == set()
