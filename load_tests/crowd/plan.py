"""The size of one run of the crowd."""

from dataclasses import dataclass
from typing import Final

MAX_SECONDS: Final = 600
MAX_STREAMS: Final = 50_000
MAX_READERS: Final = 10_000
MAX_PEOPLE: Final = 2_000
"""Of probes, authors, reactors and checked readers each: they are clients in Python."""


@dataclass(frozen=True)
class Plan:
    """`streams` arrive by `shape`; all others are there from the start.

    `refreshers` fetch the newest page again `refresh_ms` after each answer. `checked` are notify readers in Python.
    Each author posts, reacts, edits or deletes about once in `every_s`, and each reactor reacts.
    The room turns hot at `enter_per_s` fetches.
    """

    streams: int
    probes: int
    authors: int
    readers: int
    seconds: int
    shape: str
    reactors: int = 0
    refreshers: int = 0
    refresh_ms: float = 200
    checked: int = 5
    every_s: float = 2.0
    enter_per_s: float = 50.0


FULL: Final = Plan(
    streams=2_000, probes=50, authors=20, readers=400, reactors=20, seconds=45, shape="kick-off"
)
COMPARED: Final = Plan(
    streams=1_000,
    probes=20,
    authors=20,
    reactors=10,
    readers=150,
    refreshers=450,
    refresh_ms=20,
    seconds=25,
    shape="flat",
)
"""Meant to saturate the servers of a laptop unless a policy refuses some fetches."""

TINY: Final = Plan(
    streams=60,
    probes=3,
    authors=4,
    reactors=2,
    readers=5,
    refreshers=2,
    checked=2,
    seconds=3,
    shape="ramp",
    every_s=0.25,
    enter_per_s=5,
)
