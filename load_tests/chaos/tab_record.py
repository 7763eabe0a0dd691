"""The events that one open tab has received, kept as runs of seqs. Pure: time is an argument."""

from bisect import bisect_right
from collections.abc import Iterator, MutableMapping
from operator import itemgetter
from typing import NamedTuple


class Identity(NamedTuple):
    """Identifies an event. `subject` is the message id, plus `:kind` for a reaction, or what happened to the room."""

    type: str
    subject: str


class TabRecord:
    """Seqs after `start_seq` as runs: a complete and ordered stream needs only one run.

    What the calm lane left out is in `skipped`. All tabs of the room share `identities`. The first tab that sees a seq
    records its event; one that sees another event under the same seq counts it as `altered`.
    """

    def __init__(self, room_id: str, start_seq: int, identities: MutableMapping[int, Identity]) -> None:
        self.room_id = room_id
        self.start_seq = start_seq
        self.last_seq = start_seq
        self.duplicated: list[int] = []
        self.reordered: list[int] = []
        self.altered: list[int] = []
        self.gaps = 0
        self.reopenings = 0
        self.longest_silence_s = 0.0
        self._heard_at_s: float | None = None
        self._identities = identities
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        self.skipped: list[tuple[int, int]] = []
        """First and last seq of what the calm lane left out, in order."""
        self.unskipped: list[int] = []
        """Events of the calm lane's stream that chat_server marked to be left out."""

    def saw(self, seq: int, identity: Identity, at_s: float) -> None:
        """Record an event from the stream."""
        self._note(seq, identity, at_s)
        if seq > self.last_seq:
            self._append(seq)
        elif self.has(seq) or self.left_out(seq):
            self.duplicated.append(seq)
        else:
            self.reordered.append(seq)
            self._insert(seq)

    def fetched(self, seq: int, identity: Identity, at_s: float) -> None:
        """Record an event read over REST after a gap. It is no duplicate if the stream brings it too."""
        self._note(seq, identity, at_s)
        if seq > self.last_seq:
            self._append(seq)
        elif not self.has(seq):
            self._insert(seq)

    def skipped_run(self, from_seq: int, to_seq: int, at_s: float) -> None:
        """Record a `stream.skipped`: the events after `from_seq` up to `to_seq`."""
        self._note_silence(at_s)
        self._heard_at_s = at_s
        self.duplicated += range(from_seq + 1, min(self.last_seq, to_seq) + 1)
        if to_seq > self.last_seq:
            self.skipped.append((max(from_seq, self.last_seq) + 1, to_seq))
            self.last_seq = to_seq

    def left_out(self, seq: int) -> bool:
        """Whether the seq is in a skipped run."""
        place = bisect_right(self.skipped, seq, key=itemgetter(0)) - 1
        return place >= 0 and seq <= self.skipped[place][1]

    @property
    def skipped_count(self) -> int:
        return sum(last - first + 1 for first, last in self.skipped)

    def has(self, seq: int) -> bool:
        place = bisect_right(self._firsts, seq) - 1
        return place >= 0 and seq <= self._lasts[place]

    def has_all_between(self, first: int, last: int) -> bool:
        """True if one run holds them all: the usual case, decided without checking each seq."""
        place = bisect_right(self._firsts, first) - 1
        return place >= 0 and last <= self._lasts[place]

    def begin_window(self, at_s: float) -> None:
        """Start a window: reset the counts of silence and disorder."""
        self.duplicated, self.reordered, self.altered, self.unskipped = [], [], [], []
        self.gaps = self.reopenings = 0
        self.longest_silence_s = 0.0
        self._heard_at_s = at_s

    def settle(self, head: int) -> None:
        """Drop everything up to `head`, which has been judged."""
        self.start_seq = head
        self.last_seq = max(self.last_seq, head)
        later = [(first, last) for first, last in self.runs() if last > head]
        self._firsts = [max(first, head + 1) for first, _ in later]
        self._lasts = [last for _, last in later]
        self.skipped = [(max(first, head + 1), last) for first, last in self.skipped if last > head]

    def restart(self, start_seq: int) -> None:
        """Count only events after `start_seq` from now on. The stream still resumes from its cursor."""
        self.start_seq = start_seq
        self._firsts, self._lasts, self.skipped = [], [], []

    def runs(self) -> Iterator[tuple[int, int]]:
        """First and last seq of each run, in order."""
        return zip(self._firsts, self._lasts, strict=True)

    def end_window(self, at_s: float) -> None:
        """The longest silence, including one that lasts until now."""
        self._note_silence(at_s)

    def _note(self, seq: int, identity: Identity, at_s: float) -> None:
        if self._identities.setdefault(seq, identity) != identity:
            self.altered.append(seq)
        self._note_silence(at_s)
        self._heard_at_s = at_s

    def _note_silence(self, at_s: float) -> None:
        if self._heard_at_s is not None:
            self.longest_silence_s = max(self.longest_silence_s, at_s - self._heard_at_s)

    def _append(self, seq: int) -> None:
        if self._lasts and seq == self._lasts[-1] + 1:
            self._lasts[-1] = seq
        else:
            self._firsts.append(seq)
            self._lasts.append(seq)
        self.last_seq = seq

    def _insert(self, seq: int) -> None:
        place = bisect_right(self._firsts, seq)
        self._firsts.insert(place, seq)
        self._lasts.insert(place, seq)
