"""Attacks, grouped by the resource they strain. Each is a coroutine, bounded in count and time."""

from load_tests.abuse.attack import Attack
from load_tests.abuse.attacks import (
    deletions,
    edits,
    heat,
    hosts,
    places,
    reads,
    redis_values,
    replay,
    sessions,
    single_requests,
    sockets,
    streams,
    texts,
    writes,
)

ATTACKS: tuple[Attack, ...] = (
    *texts.ATTACKS,
    *deletions.ATTACKS,
    *edits.ATTACKS,
    *reads.ATTACKS,
    *streams.ATTACKS,
    *places.ATTACKS,
    *sockets.ATTACKS,
    *replay.ATTACKS,
    *heat.ATTACKS,
    *redis_values.ATTACKS,
    *writes.ATTACKS,
    *hosts.ATTACKS,
    *sessions.ATTACKS,
    *single_requests.ATTACKS,
)
