"""Replays the cases that the frontend's reducer replays too, so that the two cannot drift."""

from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.contract.reducer import replay, snapshot_of

CASES = orjson.loads((Path(__file__).parent / "replay_cases.json").read_bytes())


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_replaying_events_gives_the_later_snapshot(case: dict[str, Any]) -> None:
    assert replay(snapshot_of(case["before"]), case["events"]) == snapshot_of(case["after"])
