"""How the readers of each program ask for a stream, and resume it after a cut as its documentation says. Pure."""

from collections.abc import Mapping
from typing import NamedTuple, Protocol
from urllib.parse import quote

import orjson

Position = str
"""Where a reader resumes. Only its dialect understands it."""


class Request(NamedTuple):
    path: str
    headers: Mapping[str, str] = {}


class Taken(NamedTuple):
    """What one block of a stream brought: seqs of messages, the new position if it changed, and whether the server
    says that messages are missing."""

    seqs: tuple[int, ...] = ()
    position: Position | None = None
    is_gap: bool = False


class Dialect(Protocol):
    def request(self, position: Position | None) -> Request:
        """The request of a reader with this position. None: of a new reader, who wants only new messages."""
        ...

    def take(self, block: bytes, position: Position | None) -> Taken:
        """Read the lines up to a blank line. `position` is the reader's own."""
        ...


class LastEventIds:
    """Streams that resume by Last-Event-ID, as browsers do by themselves: Hotchat and nchan.

    `stream.gap` is Hotchat's; nchan does not say that messages are missing. Hotchat's signals have no id.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def request(self, position: Position | None) -> Request:
        return Request(self._path, {} if position is None else {"Last-Event-ID": position})

    def take(self, block: bytes, position: Position | None) -> Taken:
        lines = _fields(block)
        event_type = lines.get("event", "message")
        event_id = lines.get("id")
        if event_type.startswith("stream."):
            return Taken((), event_id, event_type == "stream.gap")
        if event_id is None or "data" not in lines:
            return Taken()
        return Taken((_seq(orjson.loads(lines["data"])),), event_id)


class CentrifugoConnect:
    """A connect request in the query; it names epoch and offset after a cut, and its response has what was missed.

    Sources: centrifugal.dev/docs/transports/uni_sse, "Send connect request"; docs/5/transports/uni_websocket,
    "SubscribeRequest"; docs/server/history_and_recovery.
    """

    def __init__(self, channel: str) -> None:
        self._channel = channel

    def request(self, position: Position | None) -> Request:
        wanted: dict[str, object] = {}
        if position is not None:
            epoch, _, offset = position.rpartition(":")
            wanted = {"recover": True, "epoch": epoch, "offset": int(offset)}
        connect = orjson.dumps({"subs": {self._channel: wanted}}).decode()
        return Request(f"/connection/uni_sse?cf_connect={quote(connect)}")

    def take(self, block: bytes, position: Position | None) -> Taken:
        data = _fields(block).get("data")
        push = orjson.loads(data) if data else {}
        if "connect" in push:
            result = push["connect"]["subs"][self._channel]
            publications = result.get("publications", [])
            return Taken(
                tuple(_seq(publication["data"]) for publication in publications),
                f"{result.get('epoch', '')}:{result.get('offset', 0)}",
                is_gap=position is not None and not result.get("recovered", False),
            )
        if "pub" in push and position is not None:
            epoch = position.rpartition(":")[0]
            return Taken((_seq(push["pub"]["data"]),), f"{epoch}:{push['pub']['offset']}")
        return Taken()


def _fields(block: bytes) -> dict[str, str]:
    """The last value of each field. Comments have an empty name."""
    pairs = (line.partition(":") for line in block.decode().splitlines())
    return {name: value.removeprefix(" ") for name, _, value in pairs if name}


def _seq(event: dict[str, int]) -> int:
    return event["seq"]
