"""The sizes of the league: full for real figures, tiny to test that it works."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Plan:
    """`steps` are messages a second to `readers` streams, each for `settle_s` + `window_s`. A program climbs until it
    does not sustain one. The kill comes after `kill_after` of `messages`, sent at `per_s` to `checked_readers`.
    """

    readers: int
    steps: tuple[int, ...]
    settle_s: float
    window_s: float
    checked_readers: int
    messages: int
    per_s: float
    kill_after: int


FULL = Plan(
    readers=5_000,
    steps=(10, 15, 25, 50, 100, 200, 400),
    settle_s=1,
    window_s=3,
    checked_readers=40,
    messages=600,
    per_s=50,
    kill_after=200,
)
TINY = Plan(
    readers=20,
    steps=(20,),
    settle_s=0.3,
    window_s=0.7,
    checked_readers=20,
    messages=60,
    per_s=60,
    kill_after=20,
)
