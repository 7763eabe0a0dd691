"""What a fault is, and how a module of `faults` lists its own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from load_tests.chaos.crowd import Crowd
from load_tests.chaos.system import System

Break = Callable[[System, Crowd], Awaitable[None]]
Missing = Callable[[], str | None]


def nothing_missing() -> None:
    """For faults that need nothing special."""


@dataclass(frozen=True)
class Fault:
    """`breaks` returns when the part is back. `is_mixable`: it may be repeated at random among others.

    `needs_detour`: it happens on the way between the servers and the stores. Faults that share none of their `parts`
    may happen at the same time. `missing` tells what this machine lacks for it, None when all is there.
    """

    name: str
    breaks: Break
    is_mixable: bool = True
    needs_detour: bool = False
    parts: frozenset[str] = frozenset()
    missing: Missing = nothing_missing


class FaultList(list[Fault]):
    """The faults of one module, in the order in which they are written."""

    def add(
        self,
        name: str,
        *parts: str,
        is_mixable: bool = True,
        needs_detour: bool = False,
        missing: Missing = nothing_missing,
    ) -> Callable[[Break], Break]:
        """Enter a coroutine function under this name."""

        def enter(breaks: Break) -> Break:
            self.append(Fault(name, breaks, is_mixable, needs_detour, frozenset(parts), missing))
            return breaks

        return enter
