"""What rooms look like on the wire."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chat_contract.events import LastMessage
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
    """What the owner changes; what is absent stays, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")

    name: RoomName | None = None
    slow_mode_s: Annotated[int, Field(ge=0, le=MAX_SLOW_MODE_S)] | None = None


class HeatView(BaseModel):
    hot: bool
    since: str | None
    fetches_per_s: float


class RoomView(BaseModel):
    """`message_count` counts creations and never goes down: unread badges subtract two of its values."""

    id: str
    name: str
    visibility: str
    owner_id: str | None
    last_seq: int
    message_count: int
    heat: HeatView
    slow_mode_s: int
    viewers: int


class ListedRoom(RoomView):
    """A room of the list; `last_message` is null until somebody has written."""

    last_message: LastMessage | None


class RoomList(BaseModel):
    rooms: list[ListedRoom]
    next_cursor: str | None
