"""Every read of messages goes through the view that hides what a purge covers."""

import re

import pytest

from tests.support.chat_stack import ROOT

SERVER = ROOT / "chat_server"
READS = re.compile(
    r"\b(?:FROM|JOIN|USING)\s+messages\b|\bMessage\.__table__|\bselect\([^)]*\bMessage\b", re.IGNORECASE
)

REWRITES_ROWS = "messages/purge_conversion.py"
"""It needs the rows that the view hides."""


def sources() -> list[str]:
    paths = (path.relative_to(SERVER) for path in SERVER.rglob("*.py"))
    return sorted(str(path) for path in paths if "migrations" not in path.parts)


@pytest.mark.parametrize("source", sources())
def test_no_read_of_messages_goes_past_the_view(source: str) -> None:
    found = READS.findall((SERVER / source).read_text())
    assert bool(found) is (source == REWRITES_ROWS), found


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 FROM messages",
        "SELECT 1 FROM rooms\nJOIN messages m USING (id)",
        "DELETE FROM x USING messages",
        "select(Message.id, Message.text)",
        "select(Message.__table__)",
    ],
)
def test_the_rule_finds_reads(query: str) -> None:
    assert READS.search(query)


@pytest.mark.parametrize(
    "query", ["FROM visible_messages m", "INSERT INTO messages (id)", "UPDATE messages SET text = ''"]
)
def test_the_rule_allows_the_view_and_writes(query: str) -> None:
    assert not READS.search(query)
