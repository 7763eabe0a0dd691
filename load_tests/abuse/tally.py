"""Counts the responses to attackers. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

NO_ANSWER: Final = "no answer"
CLOSED: Final = "closed"
PROBLEM: Final = "application/problem+json"
OUT_OF_CAPACITY: Final = (502, 503, 504)


@dataclass
class Tally:
    """`answers` counts by status or end of the connection; `wrong` counts responses that break the error contract."""

    answers: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return self.answers.total()

    @property
    def refused(self) -> int:
        """Responses of 4xx and 5xx, and connections that the server closed."""
        return sum(count for name, count in self.answers.items() if name[0] in "45" or name == CLOSED)

    def note(self, status: int, headers: Mapping[str, str], what: str) -> None:
        """Count one response. `headers` compares names without case; `what` names the request."""
        self.answers[str(status)] += 1
        if status < 400:
            return
        if status == 500 or (status > 500 and status not in OUT_OF_CAPACITY):
            self.wrong[f"{what} was answered {status}"] += 1
        if status in OUT_OF_CAPACITY and "Retry-After" not in headers:
            self.wrong[f"{what} was answered {status} without Retry-After"] += 1
        if not headers.get("Content-Type", "").startswith(PROBLEM):
            self.wrong[f"{what} was answered {status} without problem+json"] += 1
