"""A room on the wire."""

from typing import Any

from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.rooms.schemas import RoomView
from chat_server.rooms.slow_mode_rule import SlowModeRule


def room_view(room: Any, hot_rooms: HotRooms) -> RoomView:
    """`room` is a row of the table, or the RoomDetails of a change."""
    owner_id = None if room.owner_id is None else str(room.owner_id)
    slow_mode = SlowModeRule(room.slow_mode_s, room.slow_mode_target)
    return RoomView(
        id=room.id,
        name=room.name,
        visibility=room.visibility,
        owner_id=owner_id,
        last_seq=room.last_seq,
        message_count=room.message_count,
        heat=hot_rooms.heat(room.id),
        slow_mode_s=slow_mode.in_force_s(hot_rooms.governed_s(room.id)),
        viewers=hot_rooms.viewers(room.id),
        owner=None if owner_id is None else {"id": owner_id, "nickname": room.owner_nickname or ""},
        moderators=room.moderators,
        who_can_post=room.who_can_post,
        regular_after_s=room.regular_after_s,
        slow_mode=slow_mode.view(),
    )
