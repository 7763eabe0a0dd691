"""What an attack is, and how a module of `attacks` lists its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from load_tests.abuse.drill import Drill

Run = Callable[[Drill], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """`findings` are rows of the review that the attack repeats; a neighbour of them has none."""

    name: str
    findings: tuple[str, ...]
    run: Run


class AttackList(list[Attack]):
    """The attacks of one module, in the order in which they are written."""

    def add(self, name: str, *findings: str) -> Callable[[Run], Run]:
        """Register a coroutine function under this name."""

        def register(run: Run) -> Run:
            self.append(Attack(name, findings, run))
            return run

        return register
