"""Faults between servers and stores: cuts, latency, silence, and a cut exactly at COMMIT."""

import asyncio
from typing import Final

from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import FaultList
from load_tests.chaos.system import Detour, System
from load_tests.chaos.tcp_proxy import CommitCut, TcpProxy

FAULTS = FaultList()

LATENCY_S: Final = 0.05
LAST_S: Final = 5.0
CUTS: Final = 4
COMMIT_CUTS: Final = 20


@FAULTS.add("connections to Postgres cut, 4 times", "postgres", needs_detour=True)
async def cut_postgres(system: System, _: Crowd) -> None:
    await _cut(_detour(system).postgres)


@FAULTS.add("connections to Kafka cut, 4 times", "kafka", needs_detour=True)
async def cut_kafka(system: System, _: Crowd) -> None:
    await _cut(_detour(system).kafka)


@FAULTS.add("connections to Valkey cut, 4 times", "valkey", needs_detour=True)
async def cut_valkey(system: System, _: Crowd) -> None:
    await _cut(_detour(system).valkey)


@FAULTS.add("connections to a chat_server's internal calls cut", "internal", needs_detour=True)
async def cut_internal(system: System, _: Crowd) -> None:
    await _cut(_detour(system).internal)


@FAULTS.add("connection dies at COMMIT, before Postgres receives it", "postgres", needs_detour=True)
async def cut_before_commit(system: System, _: Crowd) -> None:
    await _cut_at_commit(_detour(system).postgres, "before")


@FAULTS.add("connection dies at COMMIT, after Postgres committed", "postgres", needs_detour=True)
async def cut_after_commit(system: System, _: Crowd) -> None:
    await _cut_at_commit(_detour(system).postgres, "after")


@FAULTS.add("50 ms each way to Postgres", "postgres", needs_detour=True)
async def slow_postgres(system: System, _: Crowd) -> None:
    await _delay(_detour(system).postgres)


@FAULTS.add("50 ms each way to Kafka", "kafka", needs_detour=True)
async def slow_kafka(system: System, _: Crowd) -> None:
    await _delay(_detour(system).kafka)


@FAULTS.add("50 ms each way to Valkey", "valkey", needs_detour=True)
async def slow_valkey(system: System, _: Crowd) -> None:
    await _delay(_detour(system).valkey)


@FAULTS.add("Postgres silent for 5 s", "postgres", needs_detour=True)
async def silent_postgres(system: System, _: Crowd) -> None:
    await _silence(_detour(system).postgres)


@FAULTS.add("Kafka silent for 5 s", "kafka", needs_detour=True)
async def silent_kafka(system: System, _: Crowd) -> None:
    await _silence(_detour(system).kafka)


@FAULTS.add("Valkey silent for 5 s", "valkey", needs_detour=True)
async def silent_valkey(system: System, _: Crowd) -> None:
    await _silence(_detour(system).valkey)


@FAULTS.add("internal calls of a chat_server silent for 5 s", "internal", needs_detour=True)
async def silent_internal(system: System, _: Crowd) -> None:
    await _silence(_detour(system).internal)


def _detour(system: System) -> Detour:
    assert system.detour is not None
    return system.detour


async def _cut(proxy: TcpProxy) -> None:
    for _ in range(CUTS):
        proxy.cut()
        await asyncio.sleep(0.5)


async def _cut_at_commit(proxy: TcpProxy, when: CommitCut) -> None:
    proxy.commit_cuts = [when] * COMMIT_CUTS
    async with asyncio.timeout(60):
        while proxy.commit_cuts:
            await asyncio.sleep(0.05)


async def _delay(proxy: TcpProxy) -> None:
    proxy.latency_s = LATENCY_S
    try:
        await asyncio.sleep(LAST_S)
    finally:
        proxy.latency_s = 0.0


async def _silence(proxy: TcpProxy) -> None:
    proxy.is_silent = True
    try:
        await asyncio.sleep(LAST_S)
    finally:
        proxy.is_silent = False
