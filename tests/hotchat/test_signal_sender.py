"""While Kafka is unavailable, signals are dropped and counted, and no caller waits."""

import asyncio
import time
from random import Random

from prometheus_client import REGISTRY

from chat_contract.events import RoomViewers
from chat_server.kafka import signal_sender
from chat_server.kafka.signal_sender import MAX_AGE_S, MAX_WAITING, SignalSender
from local_stack.ports import LOOPBACK, free_port
from server_kit.background_tasks import BackgroundTasks


def dropped(reason: str) -> float:
    return REGISTRY.get_sample_value("hotchat_scheduler_signals_dropped_total", {"reason": reason}) or 0.0


async def test_signals_are_dropped_and_counted_while_kafka_is_unavailable() -> None:
    now_s = 50.0
    sender = SignalSender(f"{LOOPBACK}:{free_port()}", clock=lambda: now_s)
    overflowed, too_old = dropped("overflow"), dropped("too_old")
    async with BackgroundTasks(Random(7), time.monotonic).running("signals", sender.run):
        for number in range(MAX_WAITING + 10):
            signal: RoomViewers = {"type": "room.viewers", "room_id": "lobby", "viewers": number}
            sender.offer(signal)
        assert dropped("overflow") - overflowed == 10
        now_s += MAX_AGE_S + 1
        async with asyncio.timeout(30):
            while dropped("too_old") - too_old < MAX_WAITING:
                await asyncio.sleep(signal_sender.RECONNECT_AFTER_S / 10)
