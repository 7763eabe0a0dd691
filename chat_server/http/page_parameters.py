"""`limit` and `cursor` of lists whose calls FastAPI parses, with the rules of the fast path (query_string.py)."""

import re
from typing import Annotated, Any, Final

from fastapi import Query, Request
from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from server_kit.http.problem import invalid

_INTEGER: Final = re.compile(r"-?[0-9]{1,40}")


def _plain_integer(raw: Any) -> Any:
    """Refuse what pydantic also reads as an integer: `1_0`, `5.0`, spaces, and digits of other scripts."""
    if isinstance(raw, str) and _INTEGER.fullmatch(raw) is None:
        raise PydanticCustomError("int_parsing", "must be an integer")
    return raw


Limit = Annotated[int, BeforeValidator(_plain_integer), Query(ge=1, le=100)]
Cursor = Annotated[str | None, Query(max_length=200)]


async def each_parameter_once(request: Request) -> None:
    """A dependency of a call. Raises ChatError `validation_failed`."""
    names = [name for name, _ in request.query_params.multi_items()]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise invalid([{"field": name, "message": "must be given once"} for name in repeated])
