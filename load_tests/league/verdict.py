"""Compares what was published with what each reader received. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from load_tests.chaos.tab_record import TabRecord


@dataclass(frozen=True)
class Exactness:
    """Counts of deliveries: one message to one reader.

    `notified` counts readers to whom the server reported missing messages. `longest_silence_s` is the longest time in
    which a reader received nothing. `unfinished` counts readers without the last message.
    """

    deliveries: int
    lost: int
    doubled: int
    reordered: int
    notified: int
    unfinished: int
    longest_silence_s: float

    @property
    def is_exact(self) -> bool:
        return (self.lost, self.doubled, self.reordered) == (0, 0, 0)


def judge(published: Sequence[int], records: Sequence[TabRecord]) -> Exactness:
    """`published` are the seqs of acknowledged messages, ascending, since the records' windows began."""
    lost = sum(_missing(published, record) for record in records)
    return Exactness(
        deliveries=len(published) * len(records),
        lost=lost,
        doubled=sum(len(record.duplicated) for record in records),
        reordered=sum(len(record.reordered) for record in records),
        notified=sum(record.gaps > 0 for record in records),
        unfinished=sum(not record.has(published[-1]) for record in records) if published else 0,
        longest_silence_s=max((record.longest_silence_s for record in records), default=0.0),
    )


def _missing(published: Sequence[int], record: TabRecord) -> int:
    if not published or record.has_all_between(published[0], published[-1]):
        return 0
    return sum(not record.has(seq) for seq in published)
