"""`make abuse`: every attack in turn. Exit code 0 means that no attack affected the bystander."""

import argparse
import asyncio
import os
import resource
import secrets
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final, cast

import msgspec
import uvloop

from chat_server.settings import ChatSettings
from load_tests.abuse.attack import Attack
from load_tests.abuse.attack_result import (
    HEAD,
    AttackResult,
    step_sentences,
    steps_are_short,
    sum_line,
    table,
)
from load_tests.abuse.attacks import ATTACKS
from load_tests.abuse.bystander import Window
from load_tests.abuse.drill import FULL, TINY, Drill
from load_tests.abuse.run import Target, run_attack
from load_tests.abuse.security_page import PAGE, with_results
from load_tests.abuse.server_watch import Watch
from load_tests.abuse.slow_texts import TextCost, measure_texts
from load_tests.bench.cores import LOAD_CORE, SERVER_CORE, on_all_cores, on_core
from load_tests.bench.fixtures import ROOT, ChatFixture, allow_many_files, chat_fixture
from load_tests.bench.machine import describe
from load_tests.bench.results import BUILD
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores, open_stores
from load_tests.jmeter.installation import MissingTool
from local_stack.frontend_build import DIST, ensure_page
from publish_server.settings import PublishSettings
from server_kit.limits.share_definitions import SHARES

LIMITS: Final = {
    "MAX_STREAMS": "20000",
    "POSTS_PER_USER_PER_S": "5",
    "SESSIONS_PER_ADDRESS_PER_MIN": "60",
    "LOOP_PROBE_MS": "2",
}
"""Limits that the benchmarks' fixture switches off, and event-loop steps measured to 2 ms."""

ANSWER_WITHIN_S: Final = 30.0
USUAL_FILES: Final = 1_024
ATTACKER_NICENESS: Final = 10
"""Attackers and the bystander share a core; a lower priority keeps attackers from delaying the bystander's clock."""


class BystanderProcess:
    """The bystander in a separate process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def reset(self) -> None:
        await self._ask("reset")

    async def report(self) -> Window:
        return msgspec.json.decode(await self._ask("report"), type=Window)

    async def _ask(self, word: str) -> bytes:
        cast(asyncio.StreamWriter, self._process.stdin).write(f"{word}\n".encode())
        return await self.line()

    async def line(self) -> bytes:
        return await asyncio.wait_for(
            cast(asyncio.StreamReader, self._process.stdout).readline(), ANSWER_WITHIN_S
        )


@asynccontextmanager
async def bystander_process(target: Target) -> AsyncIterator[BystanderProcess]:
    """Raises RuntimeError if it does not become ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "load_tests.abuse.bystander", str(target.chat.port), str(target.publish.port)),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        bystander = BystanderProcess(process)
        if await bystander.line() != b"ready\n":
            raise RuntimeError("the bystander could not start")
        yield bystander
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def documented_shares() -> dict[str, str]:
    """Every share, set to its default explicitly, because an explicit value also applies on loopback."""
    settings = (ChatSettings, PublishSettings)
    return {
        share.setting.upper(): str(kind.model_fields[share.setting].default)
        for share in SHARES.values()
        for kind in settings
        if share.setting in kind.model_fields
    }


@asynccontextmanager
async def attacked_stack(stores: Stores, operator_token: str) -> AsyncIterator[Target]:
    """The stack runs on the first core, this program on the second."""
    settings = documented_shares() | LIMITS
    settings |= {"HOTCHAT_ADMIN_TOKEN": operator_token, "SPA_DIR": str(DIST), "STREAM_GZIP": "hot"}
    async with chat_fixture(stores, other_core=SERVER_CORE, with_streams=True, settings=settings) as fixture:
        with on_core(LOAD_CORE):
            yield _target(fixture, operator_token, stores.fresh_redis)


def _target(fixture: ChatFixture, operator_token: str, fresh_redis: Callable[[], str]) -> Target:
    if fixture.publish is None:
        raise RuntimeError("the drill needs publish_server")
    env = fixture.chat.env or {}
    return Target(
        fixture.chat,
        fixture.publish,
        database_url=env["DATABASE_URL"],
        redis_url=env["REDIS_URL"],
        operator_token=operator_token,
        fresh_redis=fresh_redis,
    )


async def attack_all(
    stores: Stores, attacks: Sequence[Attack], scale: Scale
) -> tuple[list[AttackResult], TextCost | None]:
    """Run the attacks, print a row for each, and measure the cost of texts unless only some attacks were chosen."""
    rows = []
    async with attacked_stack(stores, secrets.token_hex(16)) as target, Watch() as watch:
        allow_many_files()  # not earlier: the servers must raise their own limit
        async with bystander_process(target) as bystander:
            os.nice(ATTACKER_NICENESS)
            for attack in attacks:
                row = await run_attack(target, bystander, attack, scale, watch)
                print(_line(row), flush=True)
                rows.append(row)
        if len(attacks) < len(ATTACKS):
            return rows, None
        drill = _quiet_drill(target, scale)
        with on_all_cores():
            try:
                return rows, await measure_texts(drill)
            finally:
                await drill.close()


def _quiet_drill(target: Target, scale: Scale) -> Drill:
    async def nothing() -> None:
        """This drill has no bystander."""

    return Drill(
        target.chat,
        target.publish,
        target.database_url,
        target.redis_url,
        target.operator_token,
        scale,
        nothing,
        target.fresh_redis,
    )


def _line(row: AttackResult) -> str:
    shown = "  ".join(f"{name} {cell}" for name, cell in zip(HEAD[2:9], row.cells()[2:9], strict=True))
    verdict = ["passed"] if not row.troubles else row.troubles
    return "\n    ".join([row.attack.name, shown, *verdict, *row.remarks])


def results(rows: Sequence[AttackResult], cost: TextCost | None) -> str:
    """The results section of docs/security.md."""
    machine = ", ".join(f"{key}: {value}" for key, value in describe().items())
    sentences = [*step_sentences(rows), *([] if cost is None else cost.sentences())]
    return "\n".join(
        [
            f"Taken on: {machine}.",
            "",
            table(HEAD, [row.cells() for row in rows]),
            "",
            sum_line(rows),
            "",
            *(f"- {sentence}" for sentence in sentences),
        ]
    )


@contextmanager
def few_files() -> Iterator[None]:
    """Processes started inside get the limit of open files of a login shell."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(USUAL_FILES, before[1]), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make abuse", description=__doc__)
    parser.add_argument(
        "--only", default="", help="attacks with this text in their name, or for this finding"
    )
    parser.add_argument("--tiny", action="store_true", help="only check that the attacks run")
    parser.add_argument("--page", action="store_true", help="also write the results into docs/security.md")
    chosen = parser.parse_args(arguments)
    attacks = [each for each in ATTACKS if chosen.only in each.name or chosen.only in each.findings]
    BUILD.mkdir(parents=True, exist_ok=True)
    ensure_page(BUILD / "page.log")
    try:
        with on_core(SERVER_CORE), few_files(), open_stores() as stores:
            rows, cost = uvloop.run(attack_all(stores, attacks, TINY if chosen.tiny else FULL))
    except MissingTool as missing:
        print(missing, file=sys.stderr)
        return 2
    made = results(rows, cost)
    (BUILD / "abuse.md").write_text(made + "\n")
    print(f"\n{made}")
    if chosen.page:
        PAGE.write_text(with_results(PAGE.read_text(), made))
    broken = cost is not None and bool(cost.not_shown)
    held = steps_are_short(rows) and not any(row.troubles for row in rows)
    return 0 if held and not broken else 1


if __name__ == "__main__":
    sys.exit(main())
