"""The operator reads the log of their own actions."""

from typing import Annotated

import orjson
from fastapi import Depends, Request, Response

from chat_contract.people import optional_person
from chat_contract.timestamps import rfc3339_ms
from chat_server.http.errors import problems
from chat_server.http.page_parameters import Cursor, Limit
from chat_server.http.paging import page_of
from chat_server.http.services import service
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.moderation.cursors import FIRST_ENTRY, decode_entry, encode_entry
from chat_server.ops.log_repository import OperatorLogRepository
from chat_server.ops.operator_router import PROBLEMS, operator_router
from chat_server.ops.schemas import OperatorLog, OperatorLogEntry

router = operator_router("audit")


@router.get("", responses=problems(*PROBLEMS, "validation_failed"))
async def read_operator_log(
    request: Request,
    response: Response,
    repository: Annotated[OperatorLogRepository, Depends(service(OperatorLogRepository))],
    look_ups: Annotated[LookUpSemaphore, Depends(service(LookUpSemaphore))],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> OperatorLog:
    """Every action of the operator, in all rooms and on the server, the newest first."""
    before_id = decode_entry(cursor) if cursor else FIRST_ENTRY
    async with look_ups.permit(request.scope):
        rows = await repository.entries(before_id, limit + 1)
    page, next_cursor = page_of(rows, limit, lambda row: encode_entry(row["id"]))
    response.headers["Cache-Control"] = "no-store"
    return OperatorLog(
        entries=[
            OperatorLogEntry(
                at=rfc3339_ms(row["at"]),
                room_id=row["room_id"] or None,
                action=row["action"],
                target=optional_person(row["target_id"], row["target_nickname"]),
                details=orjson.loads(row["details"]),
            )
            for row in page
        ],
        next_cursor=next_cursor,
    )
