"""Ids in the class in which asyncpg reads them: a UUID in C, which is hashed, compared and written as text faster."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

import uuid_utils
from asyncpg.pgproto import pgproto

RowId: Final[Callable[[str | bytes], UUID]] = pgproto.UUID


def new_id() -> UUID:
    """A new UUIDv7."""
    return RowId(uuid_utils.uuid7().bytes)
