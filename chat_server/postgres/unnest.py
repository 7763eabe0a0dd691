"""SQL for many rows at once: each column is one array parameter of `unnest`.

A statement then costs the same for one row as for 500.
"""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from typing import Any, NamedTuple


class Column(NamedTuple):
    """A column, its Postgres type, and how to take its value from a row."""

    name: str
    type: str
    value: Callable[[Any], object]


def column(name: str, postgres_type: str, value: Callable[[Any], object] | None = None) -> Column:
    """A column whose value is, by default, the row's attribute of that name."""
    return Column(name, postgres_type, value or attrgetter(name))


def column_names(columns: Iterable[Column]) -> str:
    return ", ".join(each.name for each in columns)


def unnest(alias: str, columns: Sequence[Column], first: int) -> str:
    """SQL for the rows whose arrays are the parameters from `first` on: `unnest($1::uuid[], …) AS alias(id, …)`."""
    arrays = ", ".join(f"${number}::{each.type}[]" for number, each in enumerate(columns, first))
    return f"unnest({arrays}) AS {alias}({column_names(columns)})"


def arrays(columns: Iterable[Column], rows: Sequence[object]) -> list[list[object]]:
    """The parameters for `unnest`, of which at least one column has values.

    A column of NULLs is an empty array, which `unnest` fills with NULLs: asyncpg checks every element in Python.
    """
    values = [list(map(each.value, rows)) for each in columns]
    return [each if any(value is not None for value in each) else [] for each in values]
