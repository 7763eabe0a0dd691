"""Finds the entry of a method and a path among path templates, such as `/rooms/{room_id}/messages`."""

from collections.abc import Iterable
from typing import Generic, NamedTuple, TypeVar

T = TypeVar("T")


class _Template(NamedTuple, Generic[T]):
    """`literals`: the fixed segments by position; `parameters`: the positions of the others."""

    literals: tuple[tuple[int, str], ...]
    parameters: tuple[int, ...]
    entry: T


class PathTable(Generic[T]):
    """Entries by (method, path template). Of two templates that match a path, the one with more literals wins."""

    def __init__(self, entries: Iterable[tuple[tuple[str, str], T]]) -> None:
        self._by_shape: dict[tuple[str, int], list[_Template[T]]] = {}
        for (method, template), entry in entries:
            segments = template.split("/")
            literals = tuple((at, text) for at, text in enumerate(segments) if not text.startswith("{"))
            parameters = tuple(at for at, text in enumerate(segments) if text.startswith("{"))
            shape = self._by_shape.setdefault((method, len(segments)), [])
            shape.append(_Template(literals[1:], parameters, entry))
            shape.sort(key=lambda each: -len(each.literals))

    def find(self, method: str, path: str) -> tuple[T, list[str]] | None:
        """The entry, and the path's values of the template's parameters, in order."""
        segments = path.split("/")
        for literals, parameters, entry in self._by_shape.get((method, len(segments)), ()):
            for at, literal in literals:
                if segments[at] != literal:
                    break
            else:
                return entry, [segments[at] for at in parameters]
        return None
