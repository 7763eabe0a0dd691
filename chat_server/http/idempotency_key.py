"""`Idempotency-Key`: the repeat of a POST that creates something gets the first response.

The edge and browsers repeat a request whose response was lost. The key is stored in the transaction that creates, so a
crash leaves both or neither. Only successful responses are stored: after a refusal, the same key may be used again.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

import hashlib
import re
from typing import Annotated, Final, NamedTuple
from uuid import UUID

import asyncpg
from fastapi import Depends, Header
from pydantic import BaseModel
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chat_server.postgres.changed_rows import changed_rows
from chat_server.postgres.models import IdempotencyKey
from server_kit.http.problem import invalid

KEY_LIFETIME_S: Final = 24 * 3600
KEY_LIFETIME: Final = text(f"interval '{KEY_LIFETIME_S} s'")

_KEY: Final = re.compile(r'(?P<quote>"?)(?P<key>[!#-\[\]-~]{1,200})(?P=quote)', re.ASCII)
_EXPIRE: Final = """
DELETE FROM idempotency_keys WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency_keys WHERE created_at < now() - make_interval(secs => $1) LIMIT $2
))"""


class IdempotentRequest(NamedTuple):
    """A request that may be repeated: its key, and a hash of its content."""

    key: str
    request_hash: bytes


class StoredResponse(NamedTuple):
    status: int
    body: str


async def idempotency_key_header(idempotency_key: Annotated[str | None, Header()] = None) -> str | None:
    """The key, with or without the quotes of a structured field. Raises ChatError `validation_failed`."""
    if idempotency_key is None:
        return None
    match = _KEY.fullmatch(idempotency_key)
    if match is None:
        message = "Send 1 to 200 visible ASCII characters, such as a UUID."
        raise invalid([{"field": "Idempotency-Key", "message": message}])
    return match["key"]


IdempotencyKeyHeader = Annotated[str | None, Depends(idempotency_key_header)]


def idempotent_request(key: str | None, call: str, body: BaseModel) -> IdempotentRequest | None:
    """`call`, such as "POST /rooms", and the validated body identify the request. None without a key."""
    if key is None:
        return None
    return IdempotentRequest(key, hashlib.sha256(f"{call}\n{body.model_dump_json()}".encode()).digest())


async def claim_key(tx: AsyncConnection, user_id: UUID, wanted: IdempotentRequest) -> StoredResponse | None:
    """The first response if the key was used before; None if this transaction now owns the key.

    A repeat that arrives during the first call waits here until that call has ended. Raises ChatError
    `validation_failed` when the key belongs to another request.
    """
    row = (IdempotencyKey.user_id == user_id) & (IdempotencyKey.key == wanted.key)
    await tx.execute(delete(IdempotencyKey).where(row, IdempotencyKey.created_at < func.now() - KEY_LIFETIME))
    values = {
        "user_id": user_id,
        "key": wanted.key,
        "request_hash": wanted.request_hash,
        "status": 0,
        "answer": "",
        "created_at": func.now(),
    }
    ours = await tx.scalar(
        pg_insert(IdempotencyKey).values(values).on_conflict_do_nothing().returning(IdempotencyKey.key)
    )
    if ours is not None:
        return None
    kept = (await tx.execute(select(IdempotencyKey.__table__).where(row))).one()
    if kept.request_hash != wanted.request_hash:
        message = "This key was used for another request; make a new one."
        raise invalid([{"field": "Idempotency-Key", "message": message}])
    return StoredResponse(kept.status, kept.answer)


async def store_response(tx: AsyncConnection, user_id: UUID, key: str, answer: StoredResponse) -> None:
    """Store the response with the key that `claim_key` took in this transaction."""
    row = (IdempotencyKey.user_id == user_id) & (IdempotencyKey.key == key)
    await tx.execute(update(IdempotencyKey).where(row).values(status=answer.status, answer=answer.body))


async def expire_keys(connection: asyncpg.Connection, limit: int) -> int:
    """Delete up to `limit` keys older than KEY_LIFETIME_S; returns how many."""
    return await changed_rows(connection, _EXPIRE, float(KEY_LIFETIME_S), limit)
