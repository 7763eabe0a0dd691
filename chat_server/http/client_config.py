"""`GET /config`: the settings that a client needs at start."""

from importlib.metadata import version
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from chat_contract.limits import (
    EVENTS_PAGE_MAX,
    MAX_BODY_BYTES,
    MAX_LISTED_ROOMS,
    MAX_NICKNAME_CODE_POINTS,
    MAX_ROOM_NAME_CODE_POINTS,
    MAX_SEARCH_CODE_POINTS,
    MAX_TEXT_CODE_POINTS,
    PAGE_DEFAULT,
    PAGE_MAX,
    SEARCH_PAGE_MAX,
)
from chat_server.http.services import service
from chat_server.settings import ChatSettings

router = APIRouter(tags=["client"])

VERSION: Final = version("hotchat")
"""Read once, because the version comes from a file."""


class ClientLimits(BaseModel):
    text_code_points: int = MAX_TEXT_CODE_POINTS
    nickname_code_points: int = MAX_NICKNAME_CODE_POINTS
    room_name_code_points: int = MAX_ROOM_NAME_CODE_POINTS
    search_code_points: int = MAX_SEARCH_CODE_POINTS
    search_page: int = SEARCH_PAGE_MAX
    body_bytes: int = MAX_BODY_BYTES
    page: int = PAGE_MAX
    page_default: int = PAGE_DEFAULT
    events_page: int = EVENTS_PAGE_MAX
    listed_rooms: Annotated[int, Field(description="Rooms of one room-list stream")] = MAX_LISTED_ROOMS
    posts_per_user_per_s: Annotated[float, Field(description="0: no limit")]


class ClientConfig(BaseModel):
    stream_url: Annotated[
        str,
        Field(description="Where streams are opened"),
    ]
    reaction_kinds: list[str]
    limits: ClientLimits
    sessions: Annotated[
        Literal["open", "identity", "closed"],
        Field(description="Who gets a new session: `open`, `identity` or `closed`"),
    ]
    room_creation: Annotated[
        Literal["everyone", "operator"], Field(description="Who can create rooms: `everyone` or `operator`")
    ]
    version: str


@router.get("/config")
async def config(
    request: Request, settings: Annotated[ChatSettings, Depends(service(ChatSettings))]
) -> ClientConfig:
    """The address of the streams, the kinds of reactions, and the limits."""
    return ClientConfig(
        stream_url=stream_url(request, settings.public_stream_url, settings.publish_port),
        reaction_kinds=list(settings.reaction_kinds),
        limits=ClientLimits(posts_per_user_per_s=settings.posts_per_user_per_s),
        sessions=settings.sessions,
        room_creation=settings.room_creation,
        version=VERSION,
    )


def stream_url(request: Request, public_stream_url: str, publish_port: int) -> str:
    """Where this client opens streams. `same-origin`: at this request's host, with the scheme of X-Forwarded-Proto;
    a client that forges it only misleads itself."""
    if public_stream_url == "same-origin":
        scheme = "https" if request.headers.get("x-forwarded-proto") == "https" else request.url.scheme
        return f"{scheme}://{request.url.netloc}"
    if public_stream_url:
        return public_stream_url
    host = request.url.hostname or "localhost"
    own_host = f"[{host}]" if ":" in host else host
    return f"{request.url.scheme}://{own_host}:{publish_port}"
