"""Pages of lists: a repository reads one row more than a page shows, so that the end is known."""

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def page_of(
    rows: Sequence[T], limit: int, cursor_after: Callable[[T], str]
) -> tuple[Sequence[T], str | None]:
    """The page of the first `limit` rows, and the cursor of the next page; None at the end."""
    page = rows[:limit]
    return page, cursor_after(page[-1]) if len(rows) > limit else None
