"""The seq of `stream.ping`, tested without a server."""

import socket

import orjson

from publish_server.recovery.chat_client import StoredEvents, stored_event
from tests.publish.hub_fixtures import Core, CountingTransport, subscriber_of
from tests.publish.stored_rooms import message_event


def test_a_lagging_subscriber_is_pinged_with_the_rooms_head() -> None:
    core = Core()
    audience = core.follow_at(0)
    events = [stored_event(orjson.dumps(message_event("lobby", seq, "hello"))) for seq in range(1, 6)]
    list(core.restore(audience.room, 0, 5, StoredEvents(events, 5, has_more=False)))
    with socket.socket() as sock:
        transport = CountingTransport(sock)
        subscriber = subscriber_of(audience, transport, 2)
        audience.join(subscriber, b"", 2_000)
        assert not subscriber.is_live
        audience.ping(subscriber)
    assert bytes(transport.written[-1]) == b'event: stream.ping\ndata: {"seq":5}\n\n'


def test_a_subscriber_of_a_room_with_an_unknown_head_is_pinged_with_its_cursor() -> None:
    audience = Core().followed_rooms.follow("lobby")
    with socket.socket() as sock:
        transport = CountingTransport(sock)
        subscriber = subscriber_of(audience, transport, 2)
        audience.join(subscriber, b"", 2_000)
        audience.ping(subscriber)
    assert bytes(transport.written[-1]) == b'event: stream.ping\ndata: {"seq":2}\n\n'
