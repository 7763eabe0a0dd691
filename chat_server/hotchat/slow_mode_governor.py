"""Chooses the wait of slow mode `auto` from what people write. Pure functions: no Redis, clock or scheduler."""

from math import exp, log, sqrt
from typing import Final, NamedTuple

from chat_server.limits.turn_clock import MAX_WAIT_S, TurnClock

LADDER_S: Final = (
    0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 28, 36, 45, 58, 75, 95, 120, 155, 200, 250, MAX_WAIT_S,
)  # fmt: skip
"""The waits that the governor may set. From 3 s on a step changes the rate by at most a third."""

MAX_REGULAR_WAIT_S: Final = 10

TOLERANCE: Final = 0.12
"""A rate this close to the target is left alone."""

DEVIATIONS: Final = 1.5
"""A rate counts as different from the target above this many standard deviations of random arrivals."""

MEMORY_S: Final = 20.0
"""The time constant of what decides on the wait."""

RECENT_S: Final = 8.0
"""The time constant of what decides that a wave is over."""

SETTLING_S: Final = 2.0
"""What is written this soon after people begin to wait was written before they had to."""

QUIET_SHARE: Final = 0.25
"""Below this share of the target a wave is over; then the wait is halved each tick."""

HOLD_S: Final = 60.0
"""The wait changes direction again after this time, unless the rate is far above the target."""

FAR_SHARE: Final = 2.0

FIRST_POSTS: Final = 100
FIRST_S: Final = 4.0
"""The first wait is chosen after so many posts or so many seconds: fewer say little about how many people write."""

GROWING_S: Final = 60.0
"""While new people are heard, up to this time, the wait follows their number and gets no shorter."""

MAX_UNHEARD: Final = 3.0
"""At most so many times the people who were heard are expected."""

MIN_LEFT_SHARE: Final = 0.2
"""What a few regulars write in the first seconds may be chance: others are left at least this share of the target."""

ROUNDING: Final = 1.12
"""A wait for people who are still coming is at most so much longer than their number asks for."""

MIN_KEPT_S: Final = 15.0
MAX_KEPT_S: Final = 60.0
"""A wait gets shorter once it has been in force for its own length, within these bounds: then each had a turn."""

_OPEN_BELOW_S: Final = 0.7


class PostCounts(NamedTuple):
    """What people wrote in one room since the last tick.

    `demand`: posts, refused ones included. `passed`: those that were stored, `exempt` of them by hosts and regulars.
    `authors`: posts by people who had not written for 10 s; `newcomers`: those of them who had not written for 60 s.
    `target`: of slow mode `auto`, None in another mode. `is_target_known`: posts that a limit refuses do not report it.
    """

    demand: int = 0
    passed: int = 0
    exempt: int = 0
    authors: int = 0
    target: float | None = None
    is_target_known: bool = True
    newcomers: int = 0


class GovernorState(NamedTuple):
    """The wait of one room and what was written lately; the sums fade with MEMORY_S.

    `turns`: of a person who wrote whenever they could. `recent_s`, `recent`: seconds and demand, which fade with
    RECENT_S; a flash counts as twice the target. `direction`: of the last change, 1 for a longer wait. `held_s`: since
    the direction changed. `kept_s`: since the wait changed. `people`: how many wrote since a wave began, for
    `growing_s` seconds; 0 s once few are new. `heard_s`: the sum of the seconds after which each was first heard.
    `is_unreachable`: even the longest wait leaves more posts than the target.
    """

    target: float
    wait_s: int = 0
    clock: TurnClock = TurnClock()
    regular_clock: TurnClock = TurnClock()
    direction: int = 0
    held_s: float = HOLD_S
    kept_s: float = 0.0
    people: float = 0.0
    growing_s: float = 0.0
    heard_s: float = 0.0
    settling_s: float = 0.0
    window_s: float = 0.0
    turns: float = 0.0
    demand: float = 0.0
    passed: float = 0.0
    exempt: float = 0.0
    authors: float = 0.0
    recent_s: float = 0.0
    recent: float = 0.0
    is_unreachable: bool = False

    @property
    def is_idle(self) -> bool:
        return not self.wait_s and self.demand < 0.5 and self.passed < 0.5


def next_governor(
    previous: GovernorState | None, posts: PostCounts | None, elapsed_s: float
) -> GovernorState | None:
    """The state after a tick. `posts` None: nobody wrote. Returns None for a room that needs no governor."""
    if posts is not None and posts.target is None and posts.is_target_known:
        return None
    if previous is None:
        if posts is None or posts.target is None:
            return None
        previous = GovernorState(posts.target)
    target = previous.target if posts is None or posts.target is None else posts.target
    if target != previous.target:
        previous = previous._replace(target=target, direction=0)
    state = _remember(previous, posts or PostCounts(), elapsed_s)
    wait_s = _next_wait_s(state)
    if wait_s == state.wait_s:
        return None if state.is_idle else state
    direction = 1 if wait_s > state.wait_s else -1
    if direction == -state.direction:
        state = state._replace(held_s=0.0, growing_s=0.0)
    if not state.wait_s:
        state = _began(state)
    state = state._replace(wait_s=wait_s, direction=direction, kept_s=0.0, is_unreachable=False)
    return state if wait_s else _emptied(state)._replace(growing_s=0.0)


def person_wait_s(wait_s: int, *, is_host: bool, is_regular: bool) -> int:
    """The wait of one person while the governor has set `wait_s` for the room."""
    if is_host:
        return 0
    return min(wait_s, MAX_REGULAR_WAIT_S) if is_regular else wait_s


def _began(state: GovernorState) -> GovernorState:
    """People begin to wait. Those heard before may have come at any time since the window began."""
    people, growing_s = state.authors, state.window_s
    state = state._replace(people=people, growing_s=growing_s, heard_s=people * growing_s / 2)
    return _emptied(state)._replace(settling_s=SETTLING_S)


def _emptied(state: GovernorState) -> GovernorState:
    return state._replace(window_s=0.0, turns=0.0, demand=0.0, passed=0.0, exempt=0.0, authors=0.0)


def _remember(state: GovernorState, posts: PostCounts, elapsed_s: float) -> GovernorState:
    kept, kept_recent = exp(-elapsed_s / MEMORY_S), exp(-elapsed_s / RECENT_S)
    state = state._replace(
        held_s=min(HOLD_S, state.held_s + elapsed_s),
        kept_s=min(MAX_KEPT_S, state.kept_s + elapsed_s),
        clock=state.clock.advanced(state.wait_s, elapsed_s),
        regular_clock=state.regular_clock.advanced(min(state.wait_s, MAX_REGULAR_WAIT_S), elapsed_s),
    )
    if state.growing_s:
        state = _heard(state, posts.newcomers, elapsed_s)
    if state.settling_s > 0:
        return state._replace(settling_s=max(0.0, state.settling_s - elapsed_s))
    state = state._replace(
        window_s=state.window_s * kept + elapsed_s,
        turns=state.turns * kept + (elapsed_s / state.wait_s if state.wait_s else 0.0),
        demand=state.demand * kept + posts.demand,
        passed=state.passed * kept + posts.passed,
        exempt=state.exempt * kept + posts.exempt,
        authors=state.authors * kept + posts.authors,
        recent_s=state.recent_s * kept_recent + elapsed_s,
        recent=state.recent * kept_recent + min(posts.demand, 2 * state.target * elapsed_s),
    )
    is_longest = state.wait_s == MAX_WAIT_S
    limit = 1 if state.is_unreachable else 1 + _noise(state)
    return state._replace(is_unreachable=is_longest and _share(state) > limit)


def _heard(state: GovernorState, newcomers: int, elapsed_s: float) -> GovernorState:
    """A wait as long as the wave so far would hold all who were heard: then the wave has stopped growing."""
    growing_s = state.growing_s + elapsed_s
    people = state.people + newcomers
    heard_s = state.heard_s + newcomers * (growing_s - elapsed_s / 2)
    is_growing = people > state.target * growing_s and growing_s < GROWING_S
    return state._replace(people=people, heard_s=heard_s, growing_s=growing_s if is_growing else 0.0)


def _exempt(state: GovernorState) -> float:
    return state.exempt if state.wait_s > MAX_REGULAR_WAIT_S else 0.0


def _share(state: GovernorState) -> float:
    """What people write at the present wait, as a share of the target."""
    writes = state.passed
    if state.turns:
        exempt = _exempt(state)
        writes = exempt + (state.passed - exempt) / state.turns * state.window_s / max(1, state.wait_s)
    return writes / (state.target * state.window_s)


def _noise(state: GovernorState) -> float:
    """The difference from the target, as a share of it, that may be by chance, or is not worth a change."""
    return max(TOLERANCE, DEVIATIONS / sqrt(state.target * state.window_s))


def _next_wait_s(state: GovernorState) -> int:
    if state.wait_s and state.recent < QUIET_SHARE * state.target * state.recent_s:
        return max(rung for rung in LADDER_S if rung <= state.wait_s / 2)
    if not state.window_s:
        return state.wait_s
    share, noise = _share(state), _noise(state)
    is_held = state.held_s < HOLD_S
    if state.wait_s and state.growing_s:
        ideal_s = _coming_wait_s(state)
        wait_s = _rung(state, ideal_s, 1)
        if wait_s <= ideal_s * ROUNDING:
            return wait_s
    if share > 1 + noise and (state.turns or state.demand > FIRST_POSTS or state.window_s > FIRST_S):
        if state.direction < 0 and is_held and share < FAR_SHARE:
            return state.wait_s
        return _rung(state, _ideal_wait_s(_with_fewer_posts(state)), 1)
    is_kept = state.kept_s < min(MAX_KEPT_S, max(MIN_KEPT_S, state.wait_s))
    if state.wait_s and share < 1 - noise and not (is_held or is_kept or state.growing_s):
        return _rung(state, _ideal_wait_s(state), -1)
    return state.wait_s


def _ideal_wait_s(state: GovernorState) -> float:
    """The wait at which the same people would write as much as the target."""
    if not state.turns:
        return _crowd(state) / state.target
    exempt = _exempt(state)
    left_per_s = state.target - exempt / state.window_s
    return MAX_WAIT_S if left_per_s <= 0 else (state.passed - exempt) / state.turns / left_per_s


def _with_fewer_posts(state: GovernorState) -> GovernorState:
    """One standard deviation fewer: a wait that is too short is soon corrected, a longer one is held."""
    if not state.turns:
        return state
    exempt = _exempt(state)
    others = max(0.0, state.passed - exempt)
    return state._replace(passed=exempt + max(0.0, others - sqrt(others)))


def _crowd(state: GovernorState) -> float:
    """How many people write. Most are not heard in a few seconds; the fewer write twice, the more there are.

    As with posts, one standard deviation more repeats are taken.
    """
    repeats = max(0.0, state.demand - state.authors) + 1
    repeats += sqrt(repeats)
    return state.authors * max(1.0, state.demand / (2 * repeats))


def _coming_wait_s(state: GovernorState) -> float:
    """The wait for the people of a growing wave: those who were heard, and those who will be.

    The earlier people were heard on average, the fewer are left. If each of n people is heard at random with rate r,
    n (1 - exp(-rt)) of them are heard after t seconds, on average 1/2 - rt/12 of t after the beginning. Half a standard
    deviation of that mean is added, since few people say little about those who are left.
    """
    share_heard = 6 - 12 * state.heard_s / (state.people * state.growing_s)
    share_heard = max(0.0, share_heard) + sqrt(3 / state.people)
    people = state.people * min(MAX_UNHEARD, 1 / (1 - exp(-share_heard)))
    left_per_s = max(MIN_LEFT_SHARE * state.target, state.target - _exempt(state) / state.window_s)
    return min(MAX_WAIT_S, people / left_per_s)


def _rung(state: GovernorState, ideal_s: float, direction: int) -> int:
    """The rung that is nearest to the ideal wait, at least one away from the present one in that direction."""
    here = LADDER_S.index(state.wait_s)
    nearest = 0
    if ideal_s >= _OPEN_BELOW_S:
        nearest = min(range(1, len(LADDER_S)), key=lambda rung: abs(log(LADDER_S[rung] / ideal_s)))
    if direction > 0:
        return LADDER_S[min(len(LADDER_S) - 1, max(here + 1, nearest))]
    lowest = 1 if state.demand > state.target * state.window_s and here > 0 else 0
    return LADDER_S[max(lowest, min(here - 1, nearest))]
