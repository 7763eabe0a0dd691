"""docs/contract.md names the problems, event types, topics and Redis keys of the code."""

import re
from pathlib import Path
from typing import get_args, get_type_hints

import pytest

from chat_contract import redis_keys, topics
from chat_contract.events import RoomAccessChanged, RoomCreated, RoomDeleted, RoomEvent, RoomUpdated
from chat_contract.problems import PROBLEMS

PAGE = (Path(__file__).resolve().parent.parent.parent / "docs" / "contract.md").read_text()


def test_the_error_table_is_the_closed_list_of_problems() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d{3}) \| ([^|]+) \|", PAGE, re.MULTILINE)
    assert {code: (int(status), title.strip()) for code, status, title in rows} == {
        code: (kind.status, kind.title) for code, kind in PROBLEMS.items()
    }


@pytest.mark.parametrize(
    "event",
    [*get_args(get_args(RoomEvent)[0]), RoomUpdated, RoomCreated, RoomDeleted, RoomAccessChanged],
    ids=lambda event: event.__name__,
)
def test_every_event_type_is_named(event: type) -> None:
    (event_type,) = get_args(get_type_hints(event)["type"])
    assert f"`{event_type}`" in PAGE


@pytest.mark.parametrize(
    "name",
    [
        topics.CHAT_EVENTS,
        topics.CHAT_SIGNALS,
        *(
            value
            for value in vars(redis_keys).values()
            if isinstance(value, str) and value.startswith("{hotchat}")
        ),
    ],
)
def test_every_topic_and_redis_key_is_named(name: str) -> None:
    assert f"`{name}`" in PAGE
