"""What the calls of the operator have in common: their prefix, who may make them, and the problems they answer."""

from fastapi import APIRouter, Depends

from chat_server.http.page_parameters import each_parameter_once
from chat_server.sessions.current import operator

PROBLEMS = ("unauthenticated", "session_expired", "forbidden", "rate_limited", "store_unavailable")
BODY_PROBLEMS = (*PROBLEMS, "validation_failed", "body_too_large", "unsupported_media_type")


def operator_router(path: str) -> APIRouter:
    """Calls below `/ops/{path}`, for the operator only."""
    return APIRouter(
        prefix=f"/ops/{path}",
        tags=["operator"],
        dependencies=[Depends(operator), Depends(each_parameter_once)],
    )
