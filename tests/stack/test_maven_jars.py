"""Copied jars are valid for the text of a pom, independent of file times."""

import os
from pathlib import Path

import pytest

from local_stack.maven_jars import ensure_complete, is_complete


class Jars:
    """A folder of jars that counts how often it was filled."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "some jars"
        self.pom = folder / "pom.xml"
        self.made = 0
        self.pom.write_text("<project/>")

    def ensure(self) -> None:
        ensure_complete(self.folder, self.pom, self._make)

    def _make(self) -> None:
        self.folder.mkdir()  # fails unless the old folder was deleted
        self.made += 1


@pytest.fixture
def jars(tmp_path: Path) -> Jars:
    return Jars(tmp_path)


def test_jars_stay_valid_for_a_pom_that_was_checked_out_later(jars: Jars) -> None:
    jars.ensure()
    later_s = (jars.folder / ".complete").stat().st_mtime + 3600
    os.utime(jars.pom, (later_s, later_s))
    assert is_complete(jars.folder, jars.pom)
    jars.ensure()
    assert jars.made == 1


def test_a_changed_pom_replaces_the_jars(jars: Jars) -> None:
    assert not is_complete(jars.folder, jars.pom)
    jars.ensure()
    earlier_s = jars.pom.stat().st_mtime
    jars.pom.write_text("<project>1</project>")
    os.utime(jars.pom, (earlier_s, earlier_s))
    assert not is_complete(jars.folder, jars.pom)
    jars.ensure()
    assert jars.made == 2
