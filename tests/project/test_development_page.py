"""docs/development.md: the answers name files that exist, and every large file and folder has a reason."""

import re
import subprocess
from collections import Counter
from pathlib import PurePosixPath

from tests.support.chat_stack import ROOT

PAGE = (ROOT / "docs" / "development.md").read_text()
MAX_LINES = 400
MAX_FILES = 20
SOURCES = {".py", ".ts", ".tsx", ".js", ".mjs", ".css", ".c", ".h", ".sh", ".sql", ".conf", ".jmx"}
EXEMPT = re.compile(
    r"(^|/)tests/|^docs/|/migrations/|/lib/i18n/|/contract/openapi\.ts$|(^|/)(__init__\.py|py\.typed)$"
)


def _rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_questions_of_newcomers_are_answered_by_files_that_exist() -> None:
    answers = [answer for _, answer in _rows("Questions of newcomers")]
    assert len(answers) >= 20
    paths = [path for answer in answers for path in re.findall(r"`([\w-]+/[\w./-]+)`", answer)]
    assert len(paths) >= len(answers)
    assert [path for path in paths if not (ROOT / path).is_file()] == []


def test_every_large_file_and_folder_is_listed_with_a_reason() -> None:
    listing = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = [
        path
        for path in listing.splitlines()
        if not EXEMPT.search(path) and _is_source(path) and (ROOT / path).is_file()
    ]
    large = {path for path in files if len((ROOT / path).read_text().splitlines()) > MAX_LINES}
    folders = Counter(str(PurePosixPath(path).parent) for path in files)
    full = {folder for folder, count in folders.items() if count > MAX_FILES}
    rows = _rows("Large files and folders")
    assert sorted(path.strip("`") for path, _ in rows) == sorted(large | full)
    assert [path for path, reason in rows if not reason] == []


def _is_source(path: str) -> bool:
    return PurePosixPath(path).suffix in SOURCES or path.startswith(("scripts/", "docker/"))
