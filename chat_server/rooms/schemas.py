"""Rooms on the wire."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chat_contract.events import Heat, LastMessage
from chat_contract.limits import ROOM_ID_PATTERN
from chat_server.limits.slow_mode import MAX_SLOW_MODE_S
from chat_server.rooms.room_id import clean_new_room_id
from chat_server.text.names import clean_room_name

RoomName = Annotated[str, AfterValidator(clean_room_name)]


class RoomRequest(BaseModel):
    """`id` is made from the name when absent."""

    name: RoomName
    id: Annotated[str, Field(pattern=ROOM_ID_PATTERN), AfterValidator(clean_new_room_id)] | None = None


class RoomPatch(BaseModel):
    """The fields to change. Absent fields keep their values; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")

    name: RoomName | None = None
    slow_mode_s: Annotated[int, Field(ge=0, le=MAX_SLOW_MODE_S)] | None = None


class RoomView(BaseModel):
    """`message_count` counts creations and never goes down: unread badges subtract two of its values."""

    id: str
    name: str
    visibility: Annotated[str, Field(description="`public`")]
    owner_id: Annotated[
        str | None, Field(description="User id; null for `lobby`, which exists from the start")
    ]
    last_seq: Annotated[int, Field(description="The room's newest seq; 0 before the first event")]
    message_count: Annotated[
        int, Field(description="Messages ever created; unread counts are differences of it")
    ]
    heat: Heat
    slow_mode_s: Annotated[int, Field(description="Seconds between two messages of one author; 0: off")]
    viewers: Annotated[
        int, Field(description="Open streams over all publish_servers, at most a few seconds old")
    ]


class ListedRoom(RoomView):
    """A room of the list; `last_message` is null until somebody has written."""

    last_message: Annotated[LastMessage | None, Field(description="Null before the first message")]


class RoomList(BaseModel):
    rooms: list[ListedRoom]
    next_cursor: Annotated[str | None, Field(description="Opaque; null at the end")]
