"""The stream of one room, with real Kafka and publish_server in its own process."""

import asyncio

import pytest

from tests.publish.conftest import Broker, StartPublish, started
from tests.publish.stored_rooms import StoredRooms
from tests.publish.stream_reader import StreamClient, StreamEnded

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_event_reaches_an_open_stream(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 3)
    async with stream_client.open(room) as stream:
        opened = await stream.next_frame()
        assert (opened.type, opened.id, opened.data["seq"], opened.data["resumed"]) == (
            "stream.opened",
            "3",
            3,
            False,
        )
        assert opened.data["heat"] == {"hot": False, "since": None, "fetches_per_s": 0.0}
        assert 1_500 <= stream.retry_ms <= 3_500
        (event,) = stored.store(room, text="grüße 👋")
        await broker.send(event)
        frame = await stream.next_event()
        assert (frame.type, frame.id, frame.data) == ("message.created", "4", event)


async def test_the_response_is_an_event_stream_without_caching_or_buffering(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    own = {"X-Request-ID": "mine", "Origin": "http://127.0.0.1:5173"}
    async with stream_client.open(room, headers=own) as stream:
        headers = stream.response.headers
        assert headers["content-type"].startswith("text/event-stream")
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert headers["x-request-id"] == "mine"
        assert headers["access-control-allow-origin"] == "http://127.0.0.1:5173"
        assert headers["transfer-encoding"] == "chunked"


async def test_an_unknown_room_is_404(stream_client: StreamClient, room: str) -> None:
    async with stream_client.open(room) as stream:
        assert stream.response.status_code == 404
        assert stream.response.headers["content-type"] == "application/problem+json"
        await stream.response.aread()
        assert stream.response.json()["code"] == "room_not_found"


async def test_a_resumed_stream_gets_exactly_the_missed_events(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1_234)
    async with stream_client.open(room, cursor=34) as stream:
        opened = await stream.next_frame()
        assert (opened.data["seq"], opened.data["resumed"]) == (34, True)
        assert await stream.seqs(1_200) == list(range(35, 1_235))
        await broker.send(*stored.store(room))
        assert await stream.seqs(1) == [1_235]


async def test_many_resumed_streams_share_each_page(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 1_000)
    read_before = stored.calls["events"]

    async def resume() -> list[int]:
        async with stream_client.open(room, cursor=0) as stream:
            return await stream.seqs(1_000)

    assert await asyncio.gather(*(resume() for _ in range(50))) == [list(range(1, 1_001))] * 50
    assert stored.calls["events"] - read_before <= 4


async def test_a_cursor_too_far_behind_gets_a_gap_up_to_the_head(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 6_000)
    async with stream_client.open(room, cursor=10) as stream:
        opened = await stream.next_frame()
        assert (opened.data["seq"], opened.data["resumed"]) == (10, False)
        gap = await stream.next_frame()
        assert (gap.type, gap.id, gap.data) == ("stream.gap", "6000", {"from_seq": 10, "to_seq": 6_000})


async def test_a_cursor_above_the_head_gets_a_gap(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 5)
    async with stream_client.open(room, cursor=1_000_000) as stream:
        assert (await stream.next_frame()).type == "stream.opened"
        gap = await stream.next_frame()
        assert (gap.type, gap.data) == ("stream.gap", {"from_seq": 1_000_000, "to_seq": 5})


async def test_a_cursor_ahead_of_kafka_gets_no_gap(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 5)
    async with stream_client.open(room) as first:
        await first.next_frame()
        late = stored.store(room, 2)
        async with stream_client.open(room, cursor=7) as stream:
            opened = await stream.next_frame()
            assert (opened.data["seq"], opened.data["resumed"]) == (7, True)
            await broker.send(*late, *stored.store(room))
            assert await stream.seqs(1) == [8]
        assert await first.seqs(3) == [6, 7, 8]


async def test_events_that_are_no_longer_kept_become_a_gap(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 50)
    for seq in range(1, 31):
        del stored.rooms[room].events[seq]
    async with stream_client.open(room, cursor=10) as stream:
        gap = await stream.next_event()
        assert (gap.type, gap.data["to_seq"]) == ("stream.gap", 30)
        assert await stream.seqs(20) == list(range(31, 51))


async def test_a_whole_page_that_is_no_longer_kept_becomes_a_gap_and_is_read_once(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    """The oldest kept events lie beyond the cursor's page, and there are more than one reply holds."""
    stored.store(room, 1_800)
    for seq in range(1, 1_101):
        del stored.rooms[room].events[seq]
    read_before = stored.calls["events"]
    async with stream_client.open(room, cursor=10) as stream:
        gaps = []
        while (frame := await stream.next_event()).type == "stream.gap":
            gaps.append(frame.data["to_seq"])
        assert gaps[-1] == 1_100
        assert int(frame.id) == 1_101
        assert await stream.seqs(699) == list(range(1_102, 1_801))
    assert stored.calls["events"] - read_before <= 10


async def test_a_last_message_that_kafka_lost_arrives(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 5)
    async with stream_client.open(room) as stream:
        await stream.next_frame()
        stored.store(room)
        assert await stream.seqs(1) == [6]


async def test_late_repeated_and_missing_records_are_sent_in_order_once(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with stream_client.open(room) as stream:
        await stream.next_frame()
        events = stored.store(room, 9)
        await broker.send(*events[1:3], events[0], *events[1:3], *events[5:])
        assert await stream.seqs(9) == list(range(2, 11))


async def test_missing_events_that_chat_server_no_longer_has_become_a_gap(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with stream_client.open(room) as stream:
        await stream.next_frame()
        events = stored.store(room, 5)
        for seq in (1, 2, 3):
            del stored.rooms[room].events[seq]
        await broker.send(events[3], events[4])
        gap = await stream.next_event()
        assert (gap.type, gap.id, gap.data) == ("stream.gap", "3", {"from_seq": 1, "to_seq": 3})
        assert await stream.seqs(3) == [4, 5, 6]


async def test_a_malformed_record_is_skipped(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with stream_client.open(room) as stream:
        await stream.next_frame()
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
        assert await stream.seqs(1) == [2]


async def test_reactions_of_one_batch_conflate_to_the_last(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with stream_client.open(room) as stream:
        await stream.next_frame()
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
            seen += await stream.seqs(1)
        assert seen == sorted(set(seen))


async def test_signals_have_no_id(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with stream_client.open(room) as stream:
        await stream.next_frame()
        await broker.send({"type": "room.viewers", "room_id": room, "viewers": 7})
        frame = await stream.next_event()
        assert (frame.type, frame.id, frame.data["viewers"]) == ("room.viewers", "", 7)
        async with stream_client.open(room) as later:
            assert (await later.wait_for("room.viewers")).data["viewers"] == 7


async def test_a_head_check_restores_a_lost_heat_signal(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 1)
    async with stream_client.open(room) as stream:
        await stream.next_frame()
        stored.rooms[room].heat = {"hot": True, "since": "2026-01-01T00:00:00.000Z", "fetches_per_s": 9.0}
        assert (await stream.wait_for("room.heat")).data["heat"]["hot"] is True


async def test_a_stream_opened_after_a_deletion_does_not_contain_the_text(
    stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    stored.store(room, 1)
    async with stream_client.open(room) as stream:
        await stream.next_frame()
        (created,) = stored.store(room, text="a secret")
        await broker.send(created)
        assert (await stream.next_event()).data["message"]["text"] == "a secret"
        message = created["message"] | {"text": "", "deleted": True}
        deleted = {"type": "message.deleted", "room_id": room, "seq": 3, "message": message}
        stored.rooms[room].last_seq = 3
        stored.rooms[room].events[3] = deleted
        await broker.send(deleted)
        assert (await stream.next_event()).type == "message.deleted"
    async with stream_client.open(room, cursor=1) as later:
        assert (await later.next_event()).data["message"]["text"] == ""


async def test_a_stream_that_resumes_at_any_server_after_a_purge_does_not_contain_the_texts(
    start_publish: StartPublish, stream_client: StreamClient, stored: StoredRooms, broker: Broker, room: str
) -> None:
    """chat_server's page is older than the purge, and one server did not follow the room when it was purged."""
    stored.store(room, 1)
    async with stream_client.open(room) as stream:
        await stream.next_frame()
        (created,) = stored.store(room, text="a secret")
        await broker.send(created)
        assert (await stream.next_event()).data["message"]["text"] == "a secret"
        author_id = created["message"]["author"]["id"]
        purged = {
            "type": "messages.purged",
            "room_id": room,
            "seq": 3,
            "author_id": author_id,
            "up_to_seq": 2,
        }
        stored.rooms[room].last_seq = 3
        stored.rooms[room].events[3] = purged
        await broker.send(purged)
        assert (await stream.next_event()).data == purged
    async with StreamClient.of(await started(start_publish)) as another_server:
        for client in (stream_client, another_server, another_server):
            async with client.open(room, cursor=0) as resumed:
                events = [await resumed.next_event() for _ in range(3)]
            assert [event.id for event in events] == ["1", "2", "3"]
            assert [event.data.get("message", {}).get("text") for event in events] == ["", "", None]


async def test_a_quiet_stream_is_pinged_with_the_rooms_head(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 5)
    async with (
        StreamClient.of(await started(start_publish, STREAM_PING_S="1")) as stream_client,
        stream_client.open(room) as stream,
    ):
        ping = await stream.wait_for("stream.ping")
        assert (ping.id, ping.data) == ("", {"seq": 5})


async def test_a_stream_ends_orderly_after_its_lifetime(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    base_url = await started(start_publish, STREAM_LIFETIME_S="1", STREAM_PING_S="0.5")
    async with StreamClient.of(base_url) as stream_client, stream_client.open(room) as stream:
        assert (await stream.wait_for("stream.closing")).data == {"reason": "lifetime"}
        with pytest.raises(StreamEnded):
            await stream.next_frame()


async def test_a_stream_opens_while_chat_server_is_unavailable_and_catches_up_later(
    stream_client: StreamClient, stored: StoredRooms, room: str
) -> None:
    stored.store(room, 5)
    stored.is_down = True
    async with stream_client.open(room, cursor=2) as stream:
        stored.is_down = False
        assert stream.response.status_code == 200
        assert (await stream.next_frame()).type == "stream.opened"
        assert await stream.seqs(3) == [3, 4, 5]


async def test_a_full_server_answers_503_with_a_retry_time(
    start_publish: StartPublish, stored: StoredRooms, room: str
) -> None:
    stored.store(room)
    async with (
        StreamClient.of(await started(start_publish, MAX_STREAMS="1")) as stream_client,
        stream_client.open(room) as stream,
        stream_client.open(room) as refused,
    ):
        await stream.next_frame()
        await refused.response.aread()
        problem = refused.response.json()
        assert (refused.response.status_code, problem["code"]) == (503, "server_full")
        assert int(refused.response.headers["retry-after"]) >= 1
        assert problem["retry_after_ms"] > 0
