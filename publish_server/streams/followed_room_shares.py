"""Shares of rooms: how many distinct rooms the streams of one address may name at the same time."""

from collections.abc import Iterable

from server_kit.limits.shares import CountShare, Person, Seat, Source


class _Entry:
    """One room of one address: its seat in the share, and how many holders it has."""

    __slots__ = ("holders", "seat")

    def __init__(self, seat: Seat) -> None:
        self.seat = seat
        self.holders = 0


class HeldRooms:
    """The rooms of one stream, held until `leave`."""

    __slots__ = ("_address", "_owner", "_room_ids")

    def __init__(self, owner: "RoomSeats", address: str) -> None:
        self._owner = owner
        self._address = address
        self._room_ids: list[str] = []

    def add(self, room_id: str) -> None:
        self._room_ids.append(room_id)

    def leave(self) -> None:
        """Give the seats back. Calling it again has no effect."""
        room_ids, self._room_ids = self._room_ids, []
        for room_id in room_ids:
            self._owner.leave(self._address, room_id)


class RoomSeats:
    """A room counts once per address, so colleagues behind one address who follow the same rooms share its seats.

    The seat of a room belongs to the user whose stream named it first. No limit if `share` is None.
    """

    def __init__(self, share: CountShare | None) -> None:
        self._share = share
        self._entries: dict[tuple[str, str], _Entry] = {}

    def enter(self, source: Source, person: Person | None, room_ids: Iterable[str]) -> HeldRooms | None:
        """Hold these rooms, all or none; None without a limit. Raises ChatError rate_limited."""
        if self._share is None or self._share.limit.exempts(source):
            return None
        held = HeldRooms(self, source.address)
        for room_id in room_ids:
            entry = self._entries.get((source.address, room_id))
            if entry is None:
                seat = self._share.enter(source, person)
                if seat is None:
                    held.leave()
                    raise self._share.refusal()
                entry = self._entries[source.address, room_id] = _Entry(seat)
            entry.holders += 1
            held.add(room_id)
        return held

    def leave(self, address: str, room_id: str) -> None:
        """One holder fewer; the last one gives the room's seat back."""
        entry = self._entries[address, room_id]
        entry.holders -= 1
        if entry.holders == 0:
            del self._entries[address, room_id]
            entry.seat.leave()
