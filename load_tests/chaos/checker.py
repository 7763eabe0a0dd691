"""Compares the responses, the event log and what each tab saw. Pure.

The room's event log, read over REST when nothing changes, defines the order. A tab must have seen each event
exactly once. A reaction's event may be missing if a later one for the same message and kind replaced it. A tab
of the calm lane must have seen or skipped each event, and skips exactly those that chat_server marked.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from load_tests.chaos.tab_record import Identity, TabRecord

EXAMPLES = 5


class Answered(NamedTuple):
    """A write that was answered 2xx. `seq` is the seq of a created message; None for other writes."""

    room_id: str
    identity: Identity
    seq: int | None


Log = Mapping[int, Identity]
"""A room's events by ascending seq, from the first one after the last judgement."""


@dataclass
class Verdict:
    """Counts of events; an event that many tabs missed counts once. `examples` are for the reader."""

    posts_answered: int = 0
    seen_exactly_once: int = 0
    lost: int = 0
    duplicated: int = 0
    reordered: int = 0
    examples: list[str] = field(default_factory=list)

    def is_clean(self) -> bool:
        return (self.lost, self.duplicated, self.reordered) == (
            0,
            0,
            0,
        ) and self.seen_exactly_once == self.posts_answered

    def note(self, what: str, places: Sequence[object]) -> None:
        if places:
            self.examples.append(f"{what}: {', '.join(map(str, places[:EXAMPLES]))}")


def judge(
    answered: Iterable[Answered],
    logs: Mapping[str, Log],
    starts: Mapping[str, int],
    tabs: Sequence[TabRecord],
    left_out: Mapping[str, AbstractSet[int]] = MappingProxyType({}),
) -> Verdict:
    """`starts[room]` is the head at the last judgement; `logs[room]` must reach from there to the current head.

    `left_out[room]`: the seqs that the calm lane leaves out.
    """
    verdict = Verdict()
    lost: set[tuple[str, int]] = set()
    disorder: set[tuple[str, int]] = set()
    doubled: set[tuple[str, int]] = set()
    for room_id, log in logs.items():
        holes = _holes(log, starts[room_id])
        verdict.note(f"holes in the log of {room_id}", holes)
        lost.update((room_id, seq) for seq in holes)
    for tab in tabs:
        room_id, log = tab.room_id, logs[tab.room_id]
        lost.update((room_id, seq) for seq in _missed(tab, log, left_out.get(room_id, frozenset())))
        lost.update((room_id, seq) for seq in tab.altered)
        doubled.update((room_id, seq) for seq in (*tab.duplicated, *tab.unskipped))
        disorder.update((room_id, seq) for seq in tab.reordered)
    verdict.note("not seen", sorted(lost))
    verdict.note("seen twice", sorted(doubled))
    verdict.note("out of order", sorted(disorder))
    unstored = _judge_answers(answered, logs, lost | doubled | disorder, verdict)
    verdict.lost = len(lost) + unstored
    verdict.duplicated += len(doubled)
    verdict.reordered = len(disorder)
    return verdict


def _judge_answers(
    answered: Iterable[Answered], logs: Mapping[str, Log], bad: set[tuple[str, int]], verdict: Verdict
) -> int:
    """Counts posts and returns how many answered writes the log lacks. A post stored twice is a duplicate."""
    unstored: list[Answered] = []
    places = {room_id: _places(log) for room_id, log in logs.items()}
    for answer in answered:
        log = logs[answer.room_id]
        if answer.seq is None:
            if answer.identity not in places[answer.room_id]:
                unstored.append(answer)
            continue
        verdict.posts_answered += 1
        if log.get(answer.seq) != answer.identity:
            unstored.append(answer)
        elif (answer.room_id, answer.seq) not in bad:
            verdict.seen_exactly_once += 1
    verdict.note("answered, not in the log", unstored)
    for room_id, by_identity in places.items():
        twice = [
            seqs
            for identity, seqs in by_identity.items()
            if identity.type == "message.created" and len(seqs) > 1
        ]
        verdict.note(f"one message created twice in {room_id}", twice)
        verdict.duplicated += len(twice)
    return len(unstored)


def _places(log: Log) -> dict[Identity, list[int]]:
    places: dict[Identity, list[int]] = {}
    for seq, identity in log.items():
        places.setdefault(identity, []).append(seq)
    return places


def _holes(log: Log, start: int) -> list[int]:
    if not log:
        return []
    return (
        [seq for seq in range(start + 1, max(log)) if seq not in log] if len(log) < max(log) - start else []
    )


def _missed(tab: TabRecord, log: Log, left_out: AbstractSet[int]) -> list[int]:
    if not log or tab.has_all_between(tab.start_seq + 1, max(log)):
        return []
    missed: list[int] = []
    newest_seen: dict[Identity, int] = {}
    for seq in sorted(log, reverse=True):
        if seq <= tab.start_seq:
            break
        identity = log[seq]
        if tab.has(seq):
            newest_seen.setdefault(identity, seq)
        elif seq in left_out and tab.left_out(seq):
            continue
        elif identity.type != "reaction.changed" or identity not in newest_seen:
            missed.append(seq)
    return missed[::-1]
