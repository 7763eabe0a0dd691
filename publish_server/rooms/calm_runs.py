"""Runs of events that the calm lane leaves out, the frame that stands for a run, and summaries of events."""

from typing import NamedTuple

from chat_contract.events import MAX_REPLIED_TO, StreamSkipped
from publish_server.encoding.sse_frames import json_frame
from publish_server.rooms.log_entry import LogEntry


class CalmNews(NamedTuple):
    """Events that the calm lane has not sent yet. `shown_seq`: that of the last one it will send; None without any."""

    shown_seq: int | None
    has_left_out: bool
    has_reactions: bool


class SkippedRun:
    """Collects the events of one run after the other; `cursor` is the seq before the first event."""

    def __init__(self, cursor: int) -> None:
        self._from_seq = cursor
        self._to_seq = cursor
        self._messages = 0
        self._replied_to: dict[bytes, None] = {}

    def add(self, seq: int, entry: LogEntry) -> None:
        self._to_seq = seq
        if entry.type == b"message.created":
            self._messages += 1
            if entry.replied_to is not None and len(self._replied_to) < MAX_REPLIED_TO:
                self._replied_to[entry.replied_to] = None

    def end_before(self, seq: int) -> bytes:
        """`stream.skipped` for the run that ends here; b"" if no event was added. The next run begins after `seq`."""
        frame = b""
        if self._to_seq > self._from_seq:
            skipped: StreamSkipped = {
                "from_seq": self._from_seq,
                "to_seq": self._to_seq,
                "messages": self._messages,
                "replied_to": [id_.decode(errors="replace") for id_ in self._replied_to],
            }
            frame = json_frame("stream.skipped", skipped, self._to_seq)
            self._messages = 0
            self._replied_to = {}
        self._from_seq = self._to_seq = seq
        return frame
