"""Which work a process drops or delays while it is short of CPU. Pure functions: no clock, no /proc.

Posts come first and are never delayed; then deletions and purges, messages, reactions, viewers, typing.
"""

from typing import Final, Literal, NamedTuple

LEVEL_OF: Final = {
    "typing": 1,
    "viewers": 2,
    "reactions": 3,
    "messages": 4,
}
"""The level from which on each kind of work is dropped or delayed; the names are labels of hotchat_shed_total.

publish_server: drops typing; viewers, reactions and messages wait longer for a flush. chat_server: only drops typing.
It refuses no call for lack of CPU: that would hit people who did not cause the load. Shares bound calls instead.
"""

ShedLevel = Literal["auto", "0", "1", "2", "3", "4"]
"""A setting: auto, or a fixed level."""

HIGHEST_LEVEL: Final = max(LEVEL_OF.values())

SHORT_FROM: Final = 0.95
"""A process is short of CPU if its event loop ran or waited for a core for this part of a second …"""

OWN_WORK_FROM: Final = 0.2
"""… and ran for this part of it. Otherwise other processes take the core, and leaving out work would not help."""

RELAXED_BELOW: Final = 0.75
SECONDS_TO_RISE: Final = 2
SECONDS_TO_FALL: Final = 10


class Demand(NamedTuple):
    """Parts of a second, from 0 to 1: `ran` on a core, and `wanted` one, which is `ran` and the wait for a core."""

    ran: float
    wanted: float


class ShedState(NamedTuple):
    """`short_s`, `relaxed_s`: for how many seconds in a row."""

    level: int = 0
    short_s: int = 0
    relaxed_s: int = 0


def next_state(previous: ShedState, demand: Demand) -> ShedState:
    """The state after one more second: rises one level at a time and falls slowly, so that it does not flicker."""
    level = previous.level
    if demand.wanted >= SHORT_FROM and demand.ran >= OWN_WORK_FROM:
        short_s = previous.short_s + 1
        if short_s < SECONDS_TO_RISE:
            return ShedState(level, short_s=short_s)
        return ShedState(min(HIGHEST_LEVEL, level + 1))
    if demand.wanted >= RELAXED_BELOW or level == 0:
        return ShedState(level)
    relaxed_s = previous.relaxed_s + 1
    return ShedState(level - 1) if relaxed_s == SECONDS_TO_FALL else ShedState(level, relaxed_s=relaxed_s)
