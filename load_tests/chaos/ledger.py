"""Counts the responses to authors since the window began. Pure: times are arguments."""

from collections import Counter
from dataclasses import dataclass, field, fields

from load_tests.chaos.checker import Answered

MAX_EXAMPLES = 5


@dataclass
class Ledger:
    """Attempts and responses. A *hang* is an attempt abandoned without a response; a *cut* lost its connection.

    `invalid` counts responses that were neither 2xx nor a 503 or 429 with `Retry-After`.
    """

    answered: list[Answered] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    invalid: int = 0
    hangs: int = 0
    cuts: int = 0
    slowest_answer_s: float = 0.0
    slowest_refusal_s: float = 0.0
    answer_times_s: list[float] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    def take(self) -> "Ledger":
        """Return the counts as a new ledger and empty this one."""
        taken, empty = Ledger(), Ledger()
        for entry in fields(self):
            setattr(taken, entry.name, getattr(self, entry.name))
            setattr(self, entry.name, getattr(empty, entry.name))
        return taken

    def note_answer(self, status: int, code: str, took_s: float, *, is_valid: bool, what: str) -> None:
        """`code` is the code of the problem, empty for a success."""
        self.statuses[f"{status} {code}".strip()] += 1
        if status < 300:
            self.answer_times_s.append(took_s)
            self.slowest_answer_s = max(self.slowest_answer_s, took_s)
        else:
            self.slowest_refusal_s = max(self.slowest_refusal_s, took_s)
        if not is_valid:
            self.invalid += 1
            if len(self.examples) < MAX_EXAMPLES:
                self.examples.append(f"{status} {code}: {what}")

    def answered_within_s(self, share: float) -> float:
        """The time within which this share of the successful responses arrived; 0 without any."""
        times = sorted(self.answer_times_s)
        return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0
