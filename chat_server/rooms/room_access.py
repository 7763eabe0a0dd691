"""Checks who may read a private room, before a call is counted, throttled or answered.

Members and hosts read a private room; for everybody else it does not exist. Public rooms cost one look-up in memory.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from uuid import UUID

from chat_server.http.errors import room_not_found
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.limits.post_limits import OPERATOR_ID
from chat_server.rooms.access_repository import AccessRepository
from chat_server.rooms.known_rooms import KnownRooms
from server_kit.http.asgi import Scope

FRESH_S: Final = 1.0
"""How old the knowledge of a membership may be."""

MAX_CHECKED: Final = 20_000
"""Pairs of a room and a person whose last check is kept. Overflow rule: OLDEST; they are checked again."""


class RoomAccess:
    """One per process. `clock` is monotonic seconds; `identity` gives the verified user of a request."""

    def __init__(
        self,
        repository: AccessRepository,
        known: KnownRooms,
        look_ups: LookUpSemaphore,
        identity: Callable[[Scope], UUID | None],
        clock: Callable[[], float],
    ) -> None:
        self.known = known
        self._repository = repository
        self._look_ups = look_ups
        self._identity = identity
        self._clock = clock
        self._checked: OrderedDict[tuple[str, UUID | None], tuple[bool, float]] = OrderedDict()
        self._invalidated_at_s: OrderedDict[str, float] = OrderedDict()
        """Rooms whose access changed in the last FRESH_S: earlier checks do not count."""

    def fresh(self, room_id: str, user_id: UUID | None) -> bool | None:
        """The result of the last check of this person if it is at most FRESH_S old."""
        checked = self._checked.get((room_id, user_id))
        if checked is None:
            return None
        may_read, asked_at_s = checked
        is_fresh = self._clock() - asked_at_s < FRESH_S
        return may_read if is_fresh and asked_at_s > self._invalidated_at_s.get(room_id, -1.0) else None

    def user_of(self, scope: Scope) -> UUID | None:
        """The verified user of the request; None without a valid session."""
        return self._identity(scope)

    async def check_reader(self, room_id: str, scope: Scope) -> None:
        """As `check`, for the session of the request, if it has one."""
        await self.check(room_id, self._identity(scope), scope)

    async def check(self, room_id: str, user_id: UUID | None, scope: Scope) -> None:
        """Raises ChatError `room_not_found` unless this person may read the room. The operator reads every room."""
        if user_id == OPERATOR_ID:
            return
        may_read = self.fresh(room_id, user_id)
        if may_read is None:
            may_read = await self._look_up(room_id, user_id, scope)
        if not may_read:
            raise room_not_found(room_id)

    async def _look_up(self, room_id: str, user_id: UUID | None, scope: Scope) -> bool:
        asked_at_s, known_at_s = self._clock(), self.known.clock()
        async with self._look_ups.permit(scope):
            found = await self._repository.of([(room_id, user_id)])
        if not found:
            self.known.discard(room_id)
            return False
        [access] = found
        self.known.add(room_id, is_private=access.visibility == "private", asked_at_s=known_at_s)
        self._checked[room_id, user_id] = access.may_read, asked_at_s
        self._checked.move_to_end((room_id, user_id))
        if len(self._checked) > MAX_CHECKED:
            self._checked.popitem(last=False)
        return access.may_read

    def invalidate(self, room_id: str) -> None:
        """Call after a change of who may read the room. Its cost does not depend on how many checks are kept."""
        now_s = self._clock()
        self._invalidated_at_s[room_id] = now_s
        self._invalidated_at_s.move_to_end(room_id)
        while now_s - next(iter(self._invalidated_at_s.values())) >= FRESH_S:
            self._invalidated_at_s.popitem(last=False)
