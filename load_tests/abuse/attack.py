"""The type of an attack, and the list to which each module of `attacks` adds its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from load_tests.abuse.drill import Drill

Run = Callable[[Drill], Awaitable[None]]


@dataclass(frozen=True)
class Attack:
    """`findings` are the findings of the security review that the attack reproduces; often empty."""

    name: str
    findings: tuple[str, ...]
    run: Run


class AttackList(list[Attack]):
    """The attacks of one module, in source order."""

    def add(self, name: str, *findings: str) -> Callable[[Run], Run]:
        """Register a coroutine function under this name."""

        def register(run: Run) -> Run:
            self.append(Attack(name, findings, run))
            return run

        return register
