"""Runs one attack after the other on a running stack and makes a row for each."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from load_tests.abuse.attack import Attack
from load_tests.abuse.attack_result import AttackResult
from load_tests.abuse.bystander import Window
from load_tests.abuse.drill import Drill
from load_tests.abuse.server_watch import Use, Watch, kept, use_of
from load_tests.bench.loop_steps import LoopReading, LoopSteps, between
from load_tests.bench.scale import Scale
from local_stack.server_process import ServerProcess

ATTACK_WITHIN_S: Final = 240.0
NORMAL_WITHIN_S: Final = 60.0


class Watcher(Protocol):
    """A bystander in this process or in a separate one."""

    async def reset(self) -> None: ...

    async def report(self) -> Window: ...


class Target:
    """The stack under attack."""

    def __init__(
        self,
        chat: ServerProcess,
        publish: ServerProcess,
        *,
        database_url: str,
        redis_url: str,
        operator_token: str,
        fresh_redis: Callable[[], str],
    ) -> None:
        self.chat = chat
        self.publish = publish
        self.database_url = database_url
        self.redis_url = redis_url
        self.operator_token = operator_token
        self.fresh_redis = fresh_redis

    @property
    def servers(self) -> tuple[ServerProcess, ServerProcess]:
        return self.chat, self.publish


async def run_attack(
    target: Target, bystander: Watcher, attack: Attack, scale: Scale, watch: Watch
) -> AttackResult:
    """Run one attack, wait until memory and descriptors are normal, and judge."""
    drill = Drill(
        chat=target.chat,
        publish=target.publish,
        database_url=target.database_url,
        redis_url=target.redis_url,
        operator_token=target.operator_token,
        scale=scale,
        on_start=bystander.reset,
        fresh_redis=target.fresh_redis,
    )
    before = [use_of(server) for server in target.servers]
    loops = [await watch.loop(server) for server in target.servers]
    await bystander.reset()
    try:
        async with asyncio.timeout(ATTACK_WITHIN_S):
            await attack.run(drill)
    except TimeoutError:
        drill.faults.append(f"the attack was not over after {ATTACK_WITHIN_S:g} s")
    except (OSError, RuntimeError, KeyError, ValueError) as error:
        drill.faults.append(f"the attack could not run as planned: {type(error).__name__} {error}")
    window = await bystander.report()
    steps = await _steps(target, loops, watch)
    await _restart_ended(target, drill)
    grown_mib = _grown_mib(target, before)
    await drill.close()
    back_after_s, still_kept = await _back_to_normal(target, before)
    return AttackResult(
        attack,
        window,
        drill.tally,
        tuple(drill.faults),
        tuple(drill.remarks),
        steps,
        grown_mib,
        back_after_s,
        still_kept,
    )


async def _steps(target: Target, before: Sequence[LoopReading], watch: Watch) -> dict[str, LoopSteps]:
    found = {}
    for server, earlier in zip(target.servers, before, strict=True):
        steps = between(earlier, await watch.loop(server))
        if steps is not None:
            found[server.name] = steps
    return found


async def _restart_ended(target: Target, drill: Drill) -> None:
    for server in target.servers:
        if not server.is_running():
            drill.faults.append(f"{server.name} ended with {server.exit_code()}")
            await asyncio.to_thread(server.start_and_wait)


def _grown_mib(target: Target, before: Sequence[Use]) -> float:
    now = [use_of(server).memory_mib for server in target.servers]
    return sum(now) - sum(use.memory_mib for use in before)


async def _back_to_normal(target: Target, before: Sequence[Use]) -> tuple[float | None, tuple[str, ...]]:
    """Seconds until memory and descriptors were normal; None after NORMAL_WITHIN_S, with sentences on the excess."""
    begun_s = time.monotonic()
    while True:
        still_kept = [
            sentence
            for server, use in zip(target.servers, before, strict=True)
            for sentence in kept(server.name, use, use_of(server))
        ]
        if not still_kept:
            return time.monotonic() - begun_s, ()
        if time.monotonic() - begun_s > NORMAL_WITHIN_S:
            return None, tuple(still_kept)
        await asyncio.sleep(0.1)
