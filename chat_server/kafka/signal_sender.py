"""Sends signals to Kafka without waiting for it: only the latest matters, and any may be lost."""

import asyncio
from collections import deque
from collections.abc import Callable
from logging import getLogger
from typing import Final, NamedTuple

import orjson
from aiokafka import AIOKafkaProducer
from prometheus_client import Counter

from chat_contract.events import RoomHeat, RoomSlowMode, RoomViewers
from chat_contract.topics import CHAT_SIGNALS, event_headers
from chat_server.kafka.producer_connection import KAFKA_ERRORS, ProducerConnection
from server_kit.dependency_status import DependencyStatus
from server_kit.http.trace_context import new_traceparent

MAX_WAITING: Final = 4_096
"""Overflow rule: LATEST, the oldest waiting signal is dropped."""

MAX_AGE_S: Final = 3.0
"""A signal that waited longer is out of date; the next announcement of a hot room is due anyway."""

SEND_TIMEOUT_S: Final = 1.0
RECONNECT_AFTER_S: Final = 1.0

_SENT = Counter("hotchat_signals_sent_total", "Signals handed to Kafka", ["type"])
_DROPPED = Counter("hotchat_scheduler_signals_dropped_total", "Signals that did not reach Kafka", ["reason"])

log = getLogger(__name__)


class _Waiting(NamedTuple):
    signal: RoomHeat | RoomSlowMode | RoomViewers
    since_s: float


class SignalSender:
    """`offer` never waits; `run` connects, sends and reconnects until cancelled."""

    def __init__(self, bootstrap_servers: str, *, clock: Callable[[], float]) -> None:
        self._connection = ProducerConnection(
            CHAT_SIGNALS,
            self._note_failure,
            bootstrap_servers=bootstrap_servers,
            acks=1,
            request_timeout_ms=2_000,
        )
        self._clock = clock
        self._waiting: deque[_Waiting] = deque()
        self._wake = asyncio.Event()
        self._status = DependencyStatus(log, store="Kafka", part="signals")

    def offer(self, signal: RoomHeat | RoomSlowMode | RoomViewers) -> None:
        if len(self._waiting) >= MAX_WAITING:
            self._waiting.popleft()
            _DROPPED.labels("overflow").inc()
        self._waiting.append(_Waiting(signal, self._clock()))
        self._wake.set()

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                producer = await self._connection.connect()
                try:
                    await self._send_all(producer)
                except KAFKA_ERRORS as error:
                    self._note_failure(error)
                await asyncio.sleep(RECONNECT_AFTER_S)
        finally:
            await self._connection.close()

    def _note_failure(self, error: BaseException) -> None:
        self._status.failed(error)
        self._drop_old()

    async def _send_all(self, producer: AIOKafkaProducer) -> None:
        """Send what is offered. Raises one of KAFKA_ERRORS if Kafka does not take it."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            self._drop_old()
            while self._waiting:
                signal = self._waiting.popleft().signal
                try:
                    async with asyncio.timeout(SEND_TIMEOUT_S):
                        delivered = await producer.send(
                            CHAT_SIGNALS,
                            key=signal["room_id"].encode(),
                            value=orjson.dumps(signal),
                            headers=event_headers(signal["type"], None, traceparent=new_traceparent()),
                        )
                except KAFKA_ERRORS:
                    _DROPPED.labels("kafka_unavailable").inc()
                    raise
                delivered.add_done_callback(self._delivered)
                _SENT.labels(signal["type"]).inc()

    def _delivered(self, future: asyncio.Future[object]) -> None:
        if future.cancelled():
            return
        error = future.exception()
        if error is not None:
            _DROPPED.labels("kafka_unavailable").inc()
            self._status.failed(error)
        else:
            self._status.answered()

    def _drop_old(self) -> None:
        oldest_s = self._clock() - MAX_AGE_S
        while self._waiting and self._waiting[0].since_s < oldest_s:
            self._waiting.popleft()
            _DROPPED.labels("too_old").inc()
