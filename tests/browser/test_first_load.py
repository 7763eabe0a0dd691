"""What the first room costs to load, of the built page."""

import re
from pathlib import Path

from load_tests.bench.built_page import first_scripts, gzipped_bytes
from load_tests.bench.figures.first_load import JAVASCRIPT_KB

LATER = ("EmojiPopover", "SearchDialog", "Settings", "Shortcuts", "MessageMenu", "CreateRoom", "ko", "ja")


def test_the_first_room_loads_at_most_200_kilobytes_of_javascript(built_page: Path) -> None:
    assert gzipped_bytes(first_scripts(built_page)) <= JAVASCRIPT_KB * 1_000


def test_what_is_only_wanted_later_is_loaded_later(built_page: Path) -> None:
    first = {re.sub(r"-.{8}\.js$", "", script.name) for script in first_scripts(built_page)}
    built = {re.sub(r"-.{8}\.js$", "", script.name) for script in (built_page / "assets").glob("*.js")}
    assert built.issuperset(LATER)
    assert first.isdisjoint(LATER)
