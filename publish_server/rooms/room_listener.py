"""What the hub reports about rooms. The fan-out implements it, so that rooms know no subscribers."""

from typing import Protocol

from publish_server.rooms.room import Room


class RoomListener(Protocol):
    """Called synchronously, within the step in which it happened."""

    def room_started(self, room: Room, last_seq: int) -> None:
        """chat_server reported the room's first head."""

    def room_absent(self, room: Room) -> None:
        """chat_server does not know the room."""

    def room_deleted(self, room: Room) -> None:
        """The room existed and was deleted. May be called again."""

    def access_may_have_changed(self, room: Room) -> None:
        """Somebody may no longer read the private room: its next head shows whether that is so."""

    def access_changed(self, room: Room) -> None:
        """The room is private, and its access version is new: its readers must be checked."""

    def head_checked(self, room: Room, check: int) -> None:
        """Head check number `check` has covered the room."""

    def room_moved(self, room: Room) -> None:
        """Events or signals arrived; called once per room and batch, and only after `room_started`."""

    def signal_taken(self, room: Room, event_type: bytes) -> None:
        """A signal of that type waits for the room's next flush."""

    def room_created(self, room_id: bytes, value: bytes) -> None:
        """There is a new room; `value` is the event's JSON."""

    def room_hidden(self, room_id: bytes) -> None:
        """The room was deleted or is no longer public: drop its announcement."""

    def message_deleted(self, room: Room, message_id: bytes) -> None:
        """The message's text must not be sent any more. The room's log has already removed it."""

    def messages_purged(self, room: Room, up_to_seq: int) -> None:
        """Some texts up to this seq must not be sent any more. The room's log has already removed them."""
