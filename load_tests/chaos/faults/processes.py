"""Servers that are killed, stopped or restarted in turn."""

import asyncio
from typing import Final

from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import FaultList
from load_tests.chaos.system import System
from local_stack.server_process import ServerProcess

FAULTS = FaultList()

STOPPED_S: Final = 5.0


@FAULTS.add("kill -9 of a chat_server", "chat")
async def kill_chat(system: System, _: Crowd) -> None:
    await system.kill(system.chat[0])


@FAULTS.add("kill -9 of a publish_server", "publish")
async def kill_publish(system: System, _: Crowd) -> None:
    await system.kill(system.publish[0])


@FAULTS.add("kill -9 of a scheduler", "scheduler")
async def kill_scheduler(system: System, _: Crowd) -> None:
    await system.kill(system.schedulers[0])


@FAULTS.add("kill -9 of both chat_servers", "chat")
async def kill_both_chat(system: System, _: Crowd) -> None:
    await system.kill(*system.chat)


@FAULTS.add("kill -9 of both publish_servers", "publish")
async def kill_both_publish(system: System, _: Crowd) -> None:
    await system.kill(*system.publish)


@FAULTS.add("kill -9 of every server", "chat", "publish", "scheduler")
async def kill_all(system: System, _: Crowd) -> None:
    await system.kill(*system.servers)


@FAULTS.add("SIGSTOP of a chat_server for 5 s", "chat")
async def stop_chat(system: System, _: Crowd) -> None:
    await _pause(system.chat[1])


@FAULTS.add("SIGSTOP of a publish_server for 5 s", "publish")
async def stop_publish(system: System, _: Crowd) -> None:
    await _pause(system.publish[1])


@FAULTS.add("SIGSTOP of both publish_servers for 5 s", "publish")
async def stop_both_publish(system: System, _: Crowd) -> None:
    await _pause(*system.publish)


@FAULTS.add("SIGSTOP of a scheduler for 5 s", "scheduler")
async def stop_scheduler(system: System, _: Crowd) -> None:
    await _pause(system.schedulers[1])


@FAULTS.add("rolling restart of chat_servers (SIGTERM)", "chat")
async def roll_chat(system: System, _: Crowd) -> None:
    await _roll(system, system.chat)


@FAULTS.add("rolling restart of publish_servers (SIGTERM)", "publish")
async def roll_publish(system: System, _: Crowd) -> None:
    await _roll(system, system.publish)


@FAULTS.add("rolling restart of schedulers (SIGTERM)", "scheduler")
async def roll_schedulers(system: System, _: Crowd) -> None:
    await _roll(system, system.schedulers)


async def _pause(*processes: ServerProcess) -> None:
    for process in processes:
        process.pause()
    try:
        await asyncio.sleep(STOPPED_S)
    finally:
        for process in processes:
            process.resume()


async def _roll(system: System, processes: list[ServerProcess]) -> None:
    for process in processes:
        code = await system.restart(process)
        if code not in (0, -15):
            system.findings.append(f"{process.name} ended with {code} after SIGTERM")
