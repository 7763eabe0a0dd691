"""What one open tab has seen of its room's log. Pure: time is an argument, and nothing is kept but runs of seqs."""

from bisect import bisect_right
from collections.abc import Iterator, MutableMapping
from typing import NamedTuple


class Identity(NamedTuple):
    """What makes an event this one and no other. `subject` is the message id, and `:kind` for a reaction."""

    type: str
    subject: str


class TabRecord:
    """Seqs after `start_seq`, as runs: a stream that brings everything once and in order needs a single one.

    `identities` is shared by all tabs of the room: the first that sees a seq says what it is; who sees another
    event under the same seq was `altered`.
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

    def saw(self, seq: int, identity: Identity, at_s: float) -> None:
        """An event came on the stream."""
        self._note(seq, identity, at_s)
        if seq > self.last_seq:
            self._append(seq)
        elif self.has(seq):
            self.duplicated.append(seq)
        else:
            self.reordered.append(seq)
            self._insert(seq)

    def fetched(self, seq: int, identity: Identity, at_s: float) -> None:
        """An event was read over REST, after a gap; one that the stream brought too is no duplicate."""
        self._note(seq, identity, at_s)
        if seq > self.last_seq:
            self._append(seq)
        elif not self.has(seq):
            self._insert(seq)

    def has(self, seq: int) -> bool:
        place = bisect_right(self._firsts, seq) - 1
        return place >= 0 and seq <= self._lasts[place]

    def has_all_between(self, first: int, last: int) -> bool:
        """True when one run holds them all: the usual case, told without looking at each."""
        place = bisect_right(self._firsts, first) - 1
        return place >= 0 and last <= self._lasts[place]

    def begin_window(self, at_s: float) -> None:
        """From here on, silence and disorder count anew."""
        self.duplicated, self.reordered, self.altered = [], [], []
        self.gaps = self.reopenings = 0
        self.longest_silence_s = 0.0
        self._heard_at_s = at_s

    def settle(self, head: int) -> None:
        """Everything up to `head` has been judged: forget it."""
        self.start_seq = head
        self.last_seq = max(self.last_seq, head)
        later = [(first, last) for first, last in self.runs() if last > head]
        self._firsts = [max(first, head + 1) for first, _ in later]
        self._lasts = [last for _, last in later]

    def restart(self, start_seq: int) -> None:
        """Only what comes after `start_seq` counts from now on; the stream still resumes where it was."""
        self.start_seq = start_seq
        self._firsts, self._lasts = [], []

    def runs(self) -> Iterator[tuple[int, int]]:
        """First and last seq of each run, in order."""
        return zip(self._firsts, self._lasts, strict=True)

    def end_window(self, at_s: float) -> None:
        """A silence that lasts until now counts too."""
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
