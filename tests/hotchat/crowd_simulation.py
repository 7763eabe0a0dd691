"""A crowd that writes in one room under the governor, second by second. Pure: the time is simulated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from heapq import heappop, heappush
from math import inf
from random import Random
from typing import Final, Literal

from chat_server.hotchat.slow_mode_governor import (
    MAX_REGULAR_WAIT_S,
    GovernorState,
    PostCounts,
    next_governor,
    person_wait_s,
)
from chat_server.limits.turn_clock import has_turn, turn_in_s

AUTHOR_GAP_MS: Final = 10_000
NEWCOMER_GAP_MS: Final = 60_000
NEVER_MS: Final = 10**12
COPY_DELAY_MS: Final = 500
"""From the tick until every chat_server applies its result."""

Manners = Literal["wait", "leave", "spam"]
"""What people do when they are refused: wait for their turn, give up the message, or try again five times a second."""


@dataclass(slots=True)
class Writer:
    """`recorded_ms`: when the person wants to write, in place of a rate; nothing while they wait with a post."""

    rate_per_s: float
    manners: Manners = "wait"
    is_regular: bool = False
    from_s: float = 0.0
    until_s: float = inf
    is_active: Callable[[float], bool] = lambda _: True
    last_turn: float | None = None
    counted_ms: dict[int, int] = field(default_factory=dict)
    waits_with_post: bool = False
    recorded_ms: tuple[int, ...] = ()

    def next_ms(self, now_ms: int, rng: Random) -> int:
        """When the person wants to write again."""
        if self.recorded_ms:
            return next((ms for ms in self.recorded_ms if ms > now_ms), NEVER_MS)
        return now_ms + max(1, int(1000 * rng.expovariate(self.rate_per_s)))


@dataclass(slots=True)
class Run:
    """What happened in each second."""

    target: float
    demand: list[int] = field(default_factory=list)
    passed: list[int] = field(default_factory=list)
    wait_s: list[int] = field(default_factory=list)
    unreachable: list[bool] = field(default_factory=list)

    def rate(self, from_s: int, until_s: int) -> float:
        return sum(self.passed[from_s:until_s]) / (until_s - from_s)

    def reached_after_s(self, over_s: int = 10, tolerance: float = 0.2) -> int | None:
        """The first second from which on the mean of the next `over_s` seconds is near the target."""
        for second in range(len(self.passed) - over_s):
            if abs(self.rate(second, second + over_s) - self.target) <= tolerance * self.target:
                return second
        return None

    def turns(self) -> list[int]:
        """The seconds in which the wait changed its direction."""
        directions, found = 0, []
        for second, (before, after) in enumerate(zip(self.wait_s, self.wait_s[1:], strict=False), 1):
            if before != after:
                direction = 1 if after > before else -1
                if directions and direction != directions:
                    found.append(second)
                directions = direction
        return found


Controller = Callable[[GovernorState | None, PostCounts | None, float], GovernorState | None]


def simulate(
    writers: list[Writer],
    target: float,
    seconds: int,
    seed: int = 7,
    *,
    controller: Controller = next_governor,
    processes_that_count_alone: int = 1,
) -> Run:
    """`processes_that_count_alone`: chat_servers that take turns at random and do not share a count of people."""
    rng, run = Random(seed), Run(target)
    fractions = [rng.random() for _ in writers]
    due: list[tuple[int, int]] = []
    for number, writer in enumerate(writers):
        heappush(due, (writer.next_ms(int(1000 * writer.from_s), rng), number))
    state: GovernorState | None = None
    in_force = GovernorState(target)
    for second in range(seconds):
        demand = passed = exempt = authors = newcomers = 0
        for now_ms in _until(due, (second + 1) * 1000):
            _, number = heappop(due)
            writer = writers[number]
            if now_ms >= second * 1000 + COPY_DELAY_MS:
                in_force = state or GovernorState(target)
            next_ms = writer.next_ms(now_ms, rng)
            if now_ms >= writer.until_s * 1000:
                continue
            if not writer.is_active(now_ms / 1000):
                heappush(due, (next_ms, number))
                continue
            wait_ms = 0
            wait_s = person_wait_s(in_force.wait_s, is_host=False, is_regular=writer.is_regular)
            clock = in_force.regular_clock if writer.is_regular else in_force.clock
            if wait_s and not has_turn(writer.last_turn, clock, fractions[number]):
                wait_ms = max(1, int(1000 * turn_in_s(clock, wait_s, fractions[number])))
            demand += writer.manners == "spam" or not writer.waits_with_post
            process = rng.randrange(processes_that_count_alone) if processes_that_count_alone > 1 else 0
            quiet_ms = now_ms - writer.counted_ms.get(process, -NEWCOMER_GAP_MS)
            if quiet_ms >= AUTHOR_GAP_MS:
                authors += 1
                newcomers += quiet_ms >= NEWCOMER_GAP_MS
                writer.counted_ms[process] = now_ms
            writer.waits_with_post = wait_ms > 0 and writer.manners != "leave"
            if not wait_ms:
                passed += 1
                exempt += writer.is_regular
                writer.last_turn = clock.turns
            if wait_ms and writer.manners == "wait":
                next_ms = now_ms + wait_ms + rng.randrange(300)
            elif wait_ms and writer.manners == "spam":
                next_ms = now_ms + 200
            heappush(due, (next_ms, number))
        posts = PostCounts(demand, passed, exempt, authors, target, newcomers=newcomers) if demand else None
        state = controller(state, posts, 1.0)
        run.demand.append(demand)
        run.passed.append(passed)
        run.wait_s.append(0 if state is None else state.wait_s)
        run.unreachable.append(state is not None and state.is_unreachable)
    return run


def constant_wait(target: float, wait_s: int) -> Controller:
    """A controller that lets people wait so long from the first second on."""

    def keep(state: GovernorState | None, posts: PostCounts | None, elapsed_s: float) -> GovernorState:
        state = state or GovernorState(target)
        return state._replace(
            wait_s=wait_s,
            clock=state.clock.advanced(state.wait_s, elapsed_s),
            regular_clock=state.regular_clock.advanced(min(state.wait_s, MAX_REGULAR_WAIT_S), elapsed_s),
        )

    return keep


def _until(due: list[tuple[int, int]], end_ms: int) -> Iterator[int]:
    while due and due[0][0] < end_ms:
        yield due[0][0]
