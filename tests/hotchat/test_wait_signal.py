"""The signal that clients get after a tick of the governor."""

import pytest

from chat_server.hotchat.scheduler import wait_signal
from chat_server.hotchat.slow_mode_governor import GovernorState
from chat_server.limits.turn_clock import MAX_WAIT_S

UNTIL = "2026-01-02T03:04:05.678Z"
OPEN = GovernorState(3.0)
WAITING = GovernorState(3.0, wait_s=5)
LONGEST = GovernorState(3.0, wait_s=MAX_WAIT_S)
UNREACHABLE = LONGEST._replace(is_unreachable=True)


def signal(before: GovernorState | None, after: GovernorState, *, is_due: bool = False) -> object:
    return wait_signal("lobby", before, after, is_due=is_due, until=UNTIL, version=7)


def said(**more: object) -> object:
    return {"type": "room.slow_mode", "room_id": "lobby", "mode": "auto", "version": 7} | more


@pytest.mark.parametrize("before", [None, OPEN, LONGEST])
def test_a_new_wait_is_sent_with_its_end(before: GovernorState | None) -> None:
    assert signal(before, WAITING) == said(slow_mode_s=5, until=UNTIL)


def test_the_end_of_a_wait_has_no_end() -> None:
    assert signal(WAITING, OPEN) == said(slow_mode_s=0)


@pytest.mark.parametrize(("before", "after"), [(None, OPEN), (OPEN, OPEN), (WAITING, WAITING)])
def test_nothing_is_sent_while_nothing_changes(before: GovernorState | None, after: GovernorState) -> None:
    assert signal(before, after) is None


def test_a_wait_is_renewed_when_it_is_due_and_an_open_room_is_not() -> None:
    assert signal(WAITING, WAITING, is_due=True) == said(slow_mode_s=5, until=UNTIL)
    assert signal(OPEN, OPEN, is_due=True) is None


def test_a_target_that_becomes_unreachable_or_reachable_is_sent_at_once() -> None:
    unreachable = said(slow_mode_s=MAX_WAIT_S, until=UNTIL, unreachable=True)
    assert signal(LONGEST, UNREACHABLE) == unreachable
    assert signal(UNREACHABLE, UNREACHABLE, is_due=True) == unreachable
    assert signal(UNREACHABLE, LONGEST) == said(slow_mode_s=MAX_WAIT_S, until=UNTIL)
