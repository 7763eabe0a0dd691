"""A room's stream, over real Kafka, from a publish_server in its own process."""

import asyncio

import pytest

from tests.publish.conftest import Broker, StartPublish, started
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import StreamEnded, Tabs

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_event_reaches_an_open_stream(
    tabs: Tabs, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 3)
    async with tabs.open(room) as tab:
        opened = await tab.next_frame()
        assert (opened.type, opened.id, opened.data["seq"], opened.data["resumed"]) == (
            "stream.opened",
            "3",
            3,
            False,
        )
        assert opened.data["heat"] == {"hot": False, "since": None, "fetches_per_s": 0.0}
        assert 1_500 <= tab.retry_ms <= 3_500
        (event,) = stored.store(room, text="grüße 👋")
        await broker.send(event)
        frame = await tab.next_event()
        assert (frame.type, frame.id, frame.data) == ("message.created", "4", event)


async def test_the_response_is_an_event_stream_that_nobody_stores_or_buffers(
    tabs: Tabs, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    own = {"X-Request-ID": "mine", "Origin": "http://127.0.0.1:5173"}
    async with tabs.open(room, headers=own) as tab:
        headers = tab.response.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert headers["x-request-id"] == "mine"
        assert headers["access-control-allow-origin"] == "http://127.0.0.1:5173"
        assert headers["transfer-encoding"] == "chunked"


async def test_a_room_that_does_not_exist_is_404(tabs: Tabs, room: str) -> None:
    async with tabs.open(room) as tab:
        assert tab.response.status_code == 404
        assert tab.response.headers["content-type"] == "application/problem+json"
        await tab.response.aread()
        assert tab.response.json()["code"] == "room_not_found"


async def test_a_tab_that_returns_gets_exactly_what_it_missed(
    tabs: Tabs, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1_234)
    async with tabs.open(room, cursor=34) as tab:
        opened = await tab.next_frame()
        assert (opened.data["seq"], opened.data["resumed"]) == (34, True)
        assert await tab.seqs(1_200) == list(range(35, 1_235))
        await broker.send(*stored.store(room))
        assert await tab.seqs(1) == [1_235]


async def test_many_tabs_that_return_at_once_read_each_page_once(
    tabs: Tabs, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 1_000)
    read_before = stored.calls["events"]

    async def returns() -> list[int]:
        async with tabs.open(room, cursor=0) as tab:
            return await tab.seqs(1_000)

    assert await asyncio.gather(*(returns() for _ in range(50))) == [list(range(1, 1_001))] * 50
    assert stored.calls["events"] - read_before <= 4


async def test_too_far_back_is_a_gap_up_to_the_head(tabs: Tabs, stored: StoredRooms, room: str) -> None:
    stored.store(room, 6_000)
    async with tabs.open(room, cursor=10) as tab:
        opened = await tab.next_frame()
        assert (opened.data["seq"], opened.data["resumed"]) == (10, False)
        gap = await tab.next_frame()
        assert (gap.type, gap.id, gap.data) == ("stream.gap", "6000", {"from_seq": 10, "to_seq": 6_000})


async def test_a_cursor_above_the_head_is_a_gap(tabs: Tabs, stored: StoredRooms, room: str) -> None:
    stored.store(room, 5)
    async with tabs.open(room, cursor=1_000_000) as tab:
        assert (await tab.next_frame()).type == "stream.opened"
        gap = await tab.next_frame()
        assert (gap.type, gap.data) == ("stream.gap", {"from_seq": 1_000_000, "to_seq": 5})


async def test_a_cursor_that_a_page_gave_before_kafka_did_is_no_gap(
    tabs: Tabs, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 5)
    async with tabs.open(room) as first:
        await first.next_frame()
        late = stored.store(room, 2)
        async with tabs.open(room, cursor=7) as tab:
            opened = await tab.next_frame()
            assert (opened.data["seq"], opened.data["resumed"]) == (7, True)
            await broker.send(*late, *stored.store(room))
            assert await tab.seqs(1) == [8]
        assert await first.seqs(3) == [6, 7, 8]


async def test_events_that_are_no_longer_kept_are_a_gap(tabs: Tabs, stored: StoredRooms, room: str) -> None:
    stored.store(room, 50)
    for seq in range(1, 31):
        del stored.rooms[room].events[seq]
    async with tabs.open(room, cursor=10) as tab:
        gap = await tab.next_event()
        assert (gap.type, gap.data["to_seq"]) == ("stream.gap", 30)
        assert await tab.seqs(20) == list(range(31, 51))


async def test_a_whole_page_that_is_no_longer_kept_is_a_gap_too_and_read_once(
    tabs: Tabs, stored: StoredRooms, room: str
) -> None:
    """The oldest events that are kept lie beyond the cursor's page, and there are more than one answer holds."""
    stored.store(room, 1_800)
    for seq in range(1, 1_101):
        del stored.rooms[room].events[seq]
    read_before = stored.calls["events"]
    async with tabs.open(room, cursor=10) as tab:
        gaps = []
        while (frame := await tab.next_event()).type == "stream.gap":
            gaps.append(frame.data["to_seq"])
        assert gaps[-1] == 1_100
        assert int(frame.id) == 1_101
        assert await tab.seqs(699) == list(range(1_102, 1_801))
    assert stored.calls["events"] - read_before <= 10


async def test_the_last_message_before_a_quiet_time_arrives_without_kafka(
    tabs: Tabs, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 5)
    async with tabs.open(room) as tab:
        await tab.next_frame()
        stored.store(room)
        assert await tab.seqs(1) == [6]


async def test_late_doubled_and_missing_records_come_out_in_order_once(
    tabs: Tabs, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with tabs.open(room) as tab:
        await tab.next_frame()
        events = stored.store(room, 9)
        await broker.send(*events[1:3], events[0], *events[1:3], *events[5:])
        assert await tab.seqs(9) == list(range(2, 11))


async def test_a_hole_that_chat_server_confirms_is_a_gap(
    tabs: Tabs, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with tabs.open(room) as tab:
        await tab.next_frame()
        events = stored.store(room, 5)
        for seq in (1, 2, 3):
            del stored.rooms[room].events[seq]
        await broker.send(events[3], events[4])
        gap = await tab.next_event()
        assert (gap.type, gap.id, gap.data) == ("stream.gap", "3", {"from_seq": 1, "to_seq": 3})
        assert await tab.seqs(3) == [4, 5, 6]


async def test_a_malformed_record_is_skipped(
    tabs: Tabs, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with tabs.open(room) as tab:
        await tab.next_frame()
        for value, headers in (
            (None, [("type", b"message.created"), ("seq", b"2")]),
            (b'{"a":1}', [("seq", b"2")]),
            (b'{"a":1}', [("type", b"message.created"), ("seq", b"two")]),
            (b'{"a":\n1}', [("type", b"message.created"), ("seq", b"2")]),
            (b"not json", [("type", b"room.heat")]),
            (b'{"no":"heat"}', [("type", b"room.heat")]),
        ):
            await broker.send_raw("chat.events", room, value, headers)
        await broker.send(*stored.store(room))
        assert await tab.seqs(1) == [2]


async def test_reactions_of_one_batch_conflate_and_keep_the_last(
    tabs: Tabs, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with tabs.open(room) as tab:
        await tab.next_frame()
        seen: list[int] = []
        for seq in range(2, 42):
            event = {
                "type": "reaction.changed",
                "room_id": room,
                "seq": seq,
                "message_id": "m",
                "kind": "heart",
            }
            stored.rooms[room].last_seq = seq
            stored.rooms[room].events[seq] = event
            await broker.send(event, conflate="m:heart")
        while not seen or seen[-1] < 41:
            seen += await tab.seqs(1)
        assert seen == sorted(set(seen))


async def test_signals_have_no_id(tabs: Tabs, stored: StoredRooms, broker: Broker, room: str) -> None:
    stored.store(room, 1)
    async with tabs.open(room) as tab:
        await tab.next_frame()
        await broker.send({"type": "room.viewers", "room_id": room, "viewers": 7})
        frame = await tab.next_event()
        assert (frame.type, frame.id, frame.data["viewers"]) == ("room.viewers", "", 7)
        async with tabs.open(room) as later:
            assert (await later.wait_for("room.viewers")).data["viewers"] == 7


async def test_a_lost_heat_signal_is_made_up_for_by_the_head(
    tabs: Tabs, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 1)
    async with tabs.open(room) as tab:
        await tab.next_frame()
        stored.rooms[room].heat = {"hot": True, "since": "2026-01-01T00:00:00.000Z", "fetches_per_s": 9.0}
        assert (await tab.wait_for("room.heat")).data["heat"]["hot"] is True


async def test_who_opens_a_stream_after_a_deletion_is_not_sent_the_text(
    tabs: Tabs, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with tabs.open(room) as tab:
        await tab.next_frame()
        (created,) = stored.store(room, text="a secret")
        await broker.send(created)
        assert (await tab.next_event()).data["message"]["text"] == "a secret"
        message = created["message"] | {"text": "", "deleted": True}
        deleted = {"type": "message.deleted", "room_id": room, "seq": 3, "message": message}
        stored.rooms[room].last_seq = 3
        stored.rooms[room].events[3] = deleted
        await broker.send(deleted)
        assert (await tab.next_event()).type == "message.deleted"
    async with tabs.open(room, cursor=1) as later:
        assert (await later.next_event()).data["message"]["text"] == ""


async def test_pings_come_while_nothing_happens(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 5)
    async with Tabs.of(await started(start_publish, STREAM_PING_S="1")) as tabs, tabs.open(room) as tab:
        ping = await tab.wait_for("stream.ping")
        assert (ping.id, ping.data) == ("", {"seq": 5})


async def test_a_stream_ends_orderly_after_its_lifetime(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    base_url = await started(start_publish, STREAM_LIFETIME_S="1", STREAM_PING_S="0.5")
    async with Tabs.of(base_url) as tabs, tabs.open(room) as tab:
        assert (await tab.wait_for("stream.closing")).data == {"reason": "lifetime"}
        with pytest.raises(StreamEnded):
            await tab.next_frame()


async def test_while_chat_server_cannot_be_asked_a_stream_opens_and_holds(
    tabs: Tabs, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 5)
    stored.is_down = True
    async with tabs.open(room, cursor=2) as tab:
        stored.is_down = False
        assert tab.response.status_code == 200
        assert (await tab.next_frame()).type == "stream.opened"
        assert await tab.seqs(3) == [3, 4, 5]


async def test_a_full_server_says_when_to_come_back(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    async with (
        Tabs.of(await started(start_publish, MAX_STREAMS="1")) as tabs,
        tabs.open(room) as tab,
        tabs.open(room) as refused,
    ):
        await tab.next_frame()
        await refused.response.aread()
        problem = refused.response.json()
        assert (refused.response.status_code, problem["code"]) == (503, "server_full")
        assert int(refused.response.headers["retry-after"]) >= 1
        assert problem["retry_after_ms"] > 0
