"""The size of the first load of the built frontend."""

import gzip
import re
from pathlib import Path

from load_tests.bench.built_frontend import first_scripts, gzipped_bytes
from load_tests.bench.figures.first_load import JAVASCRIPT_KB

LATER = (
    "BanDialog",
    "CreateRoom",
    "EmojiPopover",
    "FetchedQuote",
    "HostPanel",
    "LiveView",
    "MessageMenu",
    "PostingBlock",
    "RecoveryDialog",
    "RoomEffects",
    "RoomList",
    "RoomProblem",
    "SearchDialog",
    "Settings",
    "Shortcuts",
    "completion",
    "indexed-db-outbox-store",
    "ja",
    "ko",
    "lazy-translations",
    "missed-messages",
    "queries",
)


def test_the_first_room_loads_at_most_182_kilobytes_of_javascript(built_page: Path) -> None:
    assert gzipped_bytes(first_scripts(built_page)) <= JAVASCRIPT_KB * 1_000


def test_what_a_first_room_does_not_need_is_not_in_the_first_load(built_page: Path) -> None:
    first = {re.sub(r"-.{8}\.js$", "", script.name) for script in first_scripts(built_page)}
    built = {re.sub(r"-.{8}\.js$", "", script.name) for script in (built_page / "assets").glob("*.js")}
    assert built.issuperset(LATER)
    assert first.isdisjoint(LATER)


def test_the_build_compresses_every_text_file_of_1_kb_or_more(built_page: Path) -> None:
    texts = [path for kind in ("css", "html", "js", "json", "svg") for path in built_page.rglob(f"*.{kind}")]
    worth_it = [path for path in texts if path.stat().st_size >= 1024]
    assert len(worth_it) > 10
    for path in worth_it:
        gzipped, brotli = Path(f"{path}.gz").read_bytes(), Path(f"{path}.br").read_bytes()
        assert gzip.decompress(gzipped) == path.read_bytes(), path.name
        assert 0 < len(brotli) < len(gzipped) < path.stat().st_size, path.name
