"""Decides whether a storm passed, and why. Pure."""

from collections.abc import Sequence

from load_tests.jmeter.samples import Samples
from load_tests.jmeter.steady_clients import Answers
from load_tests.jmeter.verdict import Verdict, crowd_sentence

SHARE_ADVICE = (
    "The server limits requests by address, and this load comes from one address. For a load test, start the server "
    "with SHARES_EXEMPT set to the address of this machine as the server sees it."
)
"""Shown if fetches of a room were refused that was never hot, because then a share refused them."""


def judge(
    crowd: Samples,
    mix: Samples,
    heat: Sequence[tuple[float, bool]],
    posts: Answers,
    other_room: Answers,
    *,
    enter_per_s: int,
) -> Verdict:
    """`heat` is HeatSeen.changes. Each fault makes `make load` fail."""
    sentences, faults = [crowd_sentence("The crowd", crowd), crowd_sentence("The chat mix", mix)], []
    hot_at = next((at for at, hot in heat if hot), None)
    cold_at = next((at for at, hot in reversed(heat) if not hot), None) if heat and not heat[-1][1] else None
    if hot_at is None or crowd.first_at is None or crowd.last_at is None:
        faults.append("The room never went hot." + (f" {SHARE_ADVICE}" if crowd.refused else ""))
    else:
        sentences.append(f"The room went hot {hot_at - crowd.first_at:.1f} s after the crowd's first fetch,")
        reached_at = crowd.reached_at(enter_per_s)
        sentences.append(
            f"but the crowd never sent {enter_per_s} fetches in one second."
            if reached_at is None
            else f"{_from(reached_at, hot_at)} the crowd had sent {enter_per_s} fetches in one second."
        )
        if cold_at is None:
            faults.append("The room did not cool.")
        else:
            sentences.append(f"It was cool again {_from(crowd.last_at, cold_at)} the crowd's last fetch.")
    sentences.append(
        f"Meanwhile {posts.total} messages were posted into it, the slowest in {posts.slowest_s:.2f} s,"
    )
    sentences.append(
        f"and another room was fetched {other_room.total} times, the slowest in {other_room.slowest_s:.2f} s."
    )
    if crowd.refused == 0:
        faults.append("Nothing was refused.")
    for name, samples in (("The crowd", crowd), ("The chat mix", mix)):
        for kind, count in samples.examples.items():
            faults.append(f"{name} had {count} errors: {kind}")
    if unposted := posts.others_than(201):
        faults.append(f"Posts were not answered 201: {_statuses(unposted)}.")
    if unserved := other_room.others_than(200, 304):
        faults.append(f"Fetches of another room were not answered 200: {_statuses(unserved)}.")
    if posts.total == 0 or other_room.total == 0:
        faults.append("No message was posted, or no other room was fetched.")
    return Verdict(sentences, faults, crowd.sent("fetch") + mix.sent("fetch") + other_room.total)


def _from(instant: float, at: float) -> str:
    """`3.2 s after`, or `0.4 s before` if a crowd ended slowly."""
    return f"{abs(at - instant):.1f} s {'after' if at >= instant else 'before'}"


def _statuses(counts: dict[int, int]) -> str:
    return ", ".join(f"{count} × {status or 'no answer'}" for status, count in sorted(counts.items()))
