"""When copied jars are good for a pom: its text decides, whatever the files' times are."""

import os
from pathlib import Path

from local_stack.maven_jars import are_complete, mark_complete


def test_jars_stay_good_beside_a_pom_that_was_checked_out_later(tmp_path: Path) -> None:
    pom = tmp_path / "pom.xml"
    pom.write_text("<project/>")
    mark_complete(tmp_path, pom)
    later_s = (tmp_path / ".complete").stat().st_mtime + 3600
    os.utime(pom, (later_s, later_s))
    assert are_complete(tmp_path, pom)


def test_a_changed_pom_asks_for_its_jars_anew(tmp_path: Path) -> None:
    pom = tmp_path / "pom.xml"
    pom.write_text("<project/>")
    assert not are_complete(tmp_path, pom)
    mark_complete(tmp_path, pom)
    earlier_s = pom.stat().st_mtime
    pom.write_text("<project>1</project>")
    os.utime(pom, (earlier_s, earlier_s))
    assert not are_complete(tmp_path, pom)
