"""The type of a fault, and the list to which each module of `faults` adds its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from load_tests.chaos.crowd import Crowd
from load_tests.chaos.system import System

Break = Callable[[System, Crowd], Awaitable[None]]
Missing = Callable[[], str | None]


def nothing_missing() -> None:
    """Returns None, for faults without requirements."""


@dataclass(frozen=True)
class Fault:
    """`breaks` returns when the broken process works again. `is_mixable`: a random mix may include and repeat it.

    `needs_detour`: it affects the connections between servers and stores. Faults that share none of their `parts`
    may happen at the same time. `missing` names what this machine lacks for it, or returns None.
    """

    name: str
    breaks: Break
    is_mixable: bool = True
    needs_detour: bool = False
    parts: frozenset[str] = frozenset()
    missing: Missing = nothing_missing


class FaultList(list[Fault]):
    """The faults of one module, in source order."""

    def add(
        self,
        name: str,
        *parts: str,
        is_mixable: bool = True,
        needs_detour: bool = False,
        missing: Missing = nothing_missing,
    ) -> Callable[[Break], Break]:
        """Add a coroutine function under this name."""

        def enter(breaks: Break) -> Break:
            self.append(Fault(name, breaks, is_mixable, needs_detour, frozenset(parts), missing))
            return breaks

        return enter
