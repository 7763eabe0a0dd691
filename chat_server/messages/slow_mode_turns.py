"""Takes a person's turn in the slow mode of a room, and reports posts to the governor of that room."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from chat_contract.redis_keys import SlowedAct
from chat_server.hotchat.demand_counters import DemandCounters
from chat_server.hotchat.heat_rules import HeatRules
from chat_server.hotchat.hot_rooms import HotRooms
from chat_server.hotchat.slow_mode_governor import person_wait_s
from chat_server.limits.slow_mode_store import SlowModeStore, Turn
from chat_server.messages.operations import PostMessage
from chat_server.rooms.posting_rules import regular_at
from chat_server.rooms.repository import RoomSettings


class SlowModeTurns:
    """`now_s` is Unix time in seconds. Nothing is counted before `apply`, and in mode `off`."""

    def __init__(
        self,
        slow_mode: SlowModeStore,
        hot_rooms: HotRooms,
        counters: DemandCounters,
        now_s: Callable[[], float],
    ) -> None:
        self._slow_mode = slow_mode
        self._hot_rooms = hot_rooms
        self._all_counters = counters
        self._counters: DemandCounters | None = None
        self._now_s = now_s

    def apply(self, rules: HeatRules) -> None:
        self._counters = None if rules.mode == "off" else self._all_counters

    async def take(self, act: SlowedAct, room: RoomSettings, user_id: UUID, name: UUID | str) -> Turn | None:
        """The person's turn for the write called `name`; None for hosts and while nobody waits.

        Raises ChatError `slow_mode` with the wait when another write has it.
        """
        if user_id in room.hosts:
            return None
        rule = room.slow_mode
        if rule.mode != "auto":
            if not rule.seconds:
                return None
            return await self._slow_mode.take_turn(act, room.id, user_id, str(name), rule.seconds)
        governor = self._hot_rooms.governor(room.id)
        if governor is None or not governor.wait_s:
            return None
        is_regular = self._is_regular(room, user_id)
        wait_s = person_wait_s(governor.wait_s, is_host=False, is_regular=is_regular)
        clock = governor.regular_clock if is_regular else governor.clock
        return await self._slow_mode.take_governed_turn(act, room.id, user_id, str(name), wait_s, clock)

    def count_post(self, room: RoomSettings, post: PostMessage) -> None:
        if self._counters is not None:
            target = room.slow_mode.target_posts_per_s if room.slow_mode.mode == "auto" else None
            self._counters.count_post(room.id, post.author_id, post.client_message_id, target)

    def count_refused_post(self, room_id: str, author_id: UUID) -> None:
        """Report a post to a known room that was refused before it was read."""
        if self._counters is not None:
            self._counters.count_refused_post(room_id, author_id)

    def count_stored_post(self, room: RoomSettings, author_id: UUID) -> None:
        if self._counters is not None:
            is_exempt = room.slow_mode.mode == "auto" and (
                author_id in room.hosts or self._is_regular(room, author_id)
            )
            self._counters.count_stored_post(room.id, is_exempt=is_exempt)

    def rule_changed(self, room_id: str, target: float | None) -> None:
        """Report that hosts have changed slow mode, so that the governor of a room that left `auto` stops."""
        if self._counters is not None:
            self._counters.note_target(room_id, target)

    def _is_regular(self, room: RoomSettings, user_id: UUID) -> bool:
        return regular_at(user_id, room.regular_after_s) <= datetime.fromtimestamp(self._now_s(), UTC)
