"""Builds, uses, breaks and removes the containers. Exits 1 if a promise was broken, 2 without a Docker engine."""

import argparse
import asyncio
import json
import re
import signal
import sys
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import httpx

from load_tests.chaos.crowd import Crowd, CrowdSize, open_crowd
from load_tests.chaos.report import LEGEND, Row, head_line, last_lines
from local_stack.ports import LOOPBACK
from tests.compose import edge_checks
from tests.compose.browser_flow import chat_in_two_pages
from tests.compose.engine import Compose, ComposeFailed, NoEngine, require_engine
from tests.compose.faults import ContainerFault, all_faults, nothing

SETTINGS = {
    "POSTS_PER_USER_PER_S": "0",
    "SESSIONS_PER_ADDRESS_PER_MIN": "0",
    "REQUESTS_PER_ADDRESS_PER_S": "0",  # all clients share one address
    "CONNECTIONS_PER_ADDRESS": "0",
    "STREAMS_PER_ADDRESS": "0",
    # Low enough for a small load from one address, which has the share of 50 clients.
    "HOTCHAT_ENTER_PER_S": "100",
    "HOT_FETCH_PER_CLIENT_PER_S": "0.2",
    "HOT_FETCH_BURST": "2",
}
LOAD = ("--threads", "60", "--hold-s", "5", "--mix-threads", "20", "--mix-hold-s", "5")
CROWD = CrowdSize(rooms=5, authors=50, tabs=30, give_up_s=15)
"""Clients wait as long as a browser: the edge tries another server by itself, and a slow machine is not a failure."""

COMPOSE_LEGEND = LEGEND.replace("after 3 s", f"after {CROWD.give_up_s:g} s")
SERVICES = ("postgres", "valkey", "kafka", "chat_server", "publish_server", "scheduler", "edge")
STEADY_S = 2.0
SEEN_WITHIN_MS = 150
MEASURED_AT_MOST = 3
BUSY_P99_S = 1.0
"""Ten times the p99 of posts on two cores that run only the containers and this test."""

TICK_AT_LEAST_S = 0.9
"""A scheduler drains no counts earlier than this after the last tick of any scheduler."""


async def main(only: str, compose: Compose) -> list[str]:
    """Returns a sentence for each broken promise. Raises ComposeFailed, AssertionError."""
    with step("images built"):
        await compose.run("--profile", "*", "build", within_s=1800)
    with step("up and healthy"):
        await compose.up()
    with step("no container runs as root, root file systems are read-only, every container has limits"):
        await check_privileges(compose)
    with step("the servers' role is not a superuser"):
        await servers_own_only_their_database(compose)
    with step("the edge serves the frontend and hides internal paths"):
        await edge_checks.serves_frontend_and_hides_internals(compose.url)
    with step("two browsers chat, react and reload"):
        await chat_in_two_pages(compose.url)
    wrong = await delivered_in_time(compose)
    with step("a stream resumes by Last-Event-ID through the edge"):
        await edge_checks.resumes_without_a_gap(compose.url, "quiet")
    wrong += await exactly_once(compose)
    with step("JMeter plans, small"):
        print(await compose.run("run", "--rm", "-T", "load", *LOAD, within_s=600))
    wrong += await break_each(compose, [fault for fault in all_faults() if re.search(only, fault.name)])
    with step("an outage of all servers gets valid refusals"):
        await outages(compose)
    with step("down and up keep all data"):
        await compose.run("down", "--timeout", "20")
        await compose.up()
        assert "quiet 199" in await edge_checks.newest_texts(compose.url, "quiet")
    with step("backup and restore"):
        await backup_and_restore(compose)
    with step("Prometheus scrapes every replica and accepts its rules"):
        await metrics(compose)
    with step("no secret in any log"):
        await secrets_are_not_logged(compose)
    return wrong


async def check_privileges(compose: Compose) -> None:
    ids = [container for service in SERVICES for container in await compose.containers(service)]
    for container in await compose.inspect(ids):
        user = container["Config"]["User"]
        assert user.split(":")[0] not in ("", "0", "root"), f"{container['Name']} runs as root"
        limits, name = container["HostConfig"], container["Name"]
        assert limits["ReadonlyRootfs"] or "kafka" in name, name
        assert limits["CapDrop"] == ["ALL"] and limits["SecurityOpt"] == ["no-new-privileges:true"], name
        assert limits["Memory"] > 0 and 0 < limits["PidsLimit"] <= 1024, name
        assert [limit["Name"] for limit in limits["Ulimits"]] == ["nofile"], name


async def servers_own_only_their_database(compose: Compose) -> None:
    role = "SELECT rolsuper OR rolcreatedb OR rolcreaterole FROM pg_roles WHERE rolname = usename"
    query = f"SELECT DISTINCT usename, ({role}) FROM pg_stat_activity WHERE application_name LIKE 'hotchat%'"
    psql = ("exec", "-T", "postgres", "psql", "-U", "hotchat", "-d", "hotchat", "-XqtA", "-c")
    assert (await compose.run(*psql, query)).split() == ["hotchat_app|f"]
    owned = "SELECT datname FROM pg_database WHERE datdba = 'hotchat_app'::regrole"
    assert (await compose.run(*psql, owned)).split() == ["hotchat"]


async def delivered_in_time(compose: Compose) -> list[str]:
    """On a busy machine p99 may miss the goal, which is printed; p50 may not."""
    for attempt in range(MEASURED_AT_MOST):
        p50_ms, p99_ms = await edge_checks.post_to_seen_ms(compose.url, "quiet", f"Minji {attempt + 1}")
        print(
            f"  from post to receipt through the edge: p50 {p50_ms:.0f} ms, p99 {p99_ms:.0f} ms", flush=True
        )
        if p99_ms <= SEEN_WITHIN_MS:
            return []
    print(f"  p99 is above {SEEN_WITHIN_MS} ms, the goal for an idle machine", flush=True)
    return [] if p50_ms <= SEEN_WITHIN_MS else [f"from post to receipt: p50 {p50_ms:.0f} ms"]


async def exactly_once(compose: Compose) -> list[str]:
    """Two chat_servers count each fetch once, and two schedulers together handle each tick once."""
    began, ticks = time.monotonic(), await ticks_handled(compose)
    await edge_checks.settled(lambda: fetches_counted(compose))
    answered = await fetches_answered(compose)
    sent, counted = await edge_checks.fetches_counted_exactly(
        compose.url, "quiet", lambda: fetches_counted(compose)
    )
    answered = await fetches_answered(compose) - answered
    ticks, took_s = await ticks_handled(compose) - ticks, time.monotonic() - began
    print(f"  fetches sent {sent}, answered by two servers {answered}, counted in Redis {counted}")
    print(f"  ticks handled by two schedulers in {took_s:.1f} s: {ticks}", flush=True)
    wrong = []
    if counted != max(sent, answered):  # the edge sends a fetch again that got no answer
        wrong.append(f"{sent} fetches were sent, {answered} answered, and {counted} counted")
    if not took_s / 3 <= ticks <= took_s / TICK_AT_LEAST_S + 1:
        wrong.append(f"two schedulers handled {ticks} ticks in {took_s:.1f} s")
    return wrong


async def ticks_handled(compose: Compose) -> int:
    """The number of ticks that all schedulers together have handled."""
    return await metric(compose, "scheduler", 9100, 'hotchat_ticks_total{outcome="done"} ')


async def fetches_answered(compose: Compose) -> int:
    """The fetches that all chat_servers have answered."""
    return await metric(compose, "chat_server", 8000, "hotchat_fetches_total{")


async def metric(compose: Compose, service: str, port: int, start: str) -> int:
    """The sum of the lines that begin with `start`, over all containers of the service; 0 without such a line."""
    code = f"import urllib.request as u; print(u.urlopen('http://127.0.0.1:{port}/metrics').read().decode())"
    pages = [await compose.python(container, code) for container in await compose.containers(service)]
    lines = [line for page in pages for line in page.splitlines() if line.startswith(start)]
    return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines)


async def secrets_are_not_logged(compose: Compose) -> None:
    """Raises AssertionError if the content of a file in /run/secrets is in a container's log."""
    code = "import pathlib, json; print(json.dumps([p.read_text() for p in pathlib.Path('/run/secrets').iterdir()]))"
    secrets = json.loads(await compose.python((await compose.containers("chat_server"))[0], code))
    said = await compose.run("--profile", "*", "logs", "--no-color")
    assert len(secrets) == 3 and "hotchat scheduler ticks" in said
    words = [word for secret in secrets for word in (secret, urlsplit(secret).password) if word]
    assert not any(word in said for word in words), "a secret is in the logs"


async def fetches_counted(compose: Compose) -> int:
    count = await compose.run("exec", "-T", "valkey", "valkey-cli", "get", "{hotchat}:fetches_counted")
    return int(count.strip() or 0)


async def break_each(compose: Compose, faults: Sequence[ContainerFault]) -> list[str]:
    """Print a row for each fault, under 50 writes a second. Returns a sentence for each broken promise."""
    print(f"\n{COMPOSE_LEGEND}\n\n{head_line()}", flush=True)
    rows, wrong = [], []
    publishers = [(LOOPBACK, compose.edge_port)]
    async with open_crowd([compose.url], publishers, CROWD, name="compose", rng=Random(7)) as crowd:
        for fault in faults:
            row = await run_and_print(compose, crowd, fault)
            broken = broken_promises(fault, row)
            if (
                broken and row.is_good
            ):  # slow or refused, but nothing lost: find out whether the machine is too busy
                calm = await run_and_print(
                    compose, crowd, ContainerFault("  no fault, for comparison", nothing)
                )
                if broken_promises(fault, calm) or calm.outcome.ledger.answered_within_s(0.99) > BUSY_P99_S:
                    print("    not counted: this machine is also too busy without a fault", flush=True)
                    broken = []
                else:
                    row = await run_and_print(compose, crowd, fault)
                    broken = broken_promises(fault, row)
            rows.append(row)
            wrong += broken
    print("\n".join(last_lines(rows)), flush=True)
    return wrong


async def run_and_print(compose: Compose, crowd: Crowd, fault: ContainerFault) -> Row:
    row = await run_fault(compose, crowd, fault)
    print("\n    ".join([row.line(), *row.notes()]), flush=True)
    return row


async def run_fault(compose: Compose, crowd: Crowd, fault: ContainerFault) -> Row:
    crowd.begin_window()
    await asyncio.sleep(STEADY_S)
    await fault.breaks(compose)
    normal_s = await crowd.back_to_normal(time.monotonic())
    await asyncio.sleep(STEADY_S)
    return Row(fault.name, await crowd.judge_window(normal_s))


def broken_promises(fault: ContainerFault, row: Row) -> list[str]:
    ledger = row.outcome.ledger
    wrong = [] if row.is_good else [f"{fault.name}: a promise was broken"]
    refused = sum(count for status, count in ledger.statuses.items() if status.startswith("503"))
    if refused and not fault.may_refuse:
        wrong.append(f"{fault.name}: {refused} writes were refused")
    if (ledger.cuts or ledger.hangs) and not (fault.may_cut or fault.may_refuse):
        wrong.append(f"{fault.name}: {ledger.cuts} writes were cut and {ledger.hangs} hung")
    return wrong


async def outages(compose: Compose) -> None:
    await compose.run("stop", "publish_server")
    await edge_checks.stream_outage_is_a_200(compose.url, "quiet")
    await compose.run("stop", "chat_server")
    await edge_checks.api_outage_is_a_503_with_retry_after(compose.url)
    await compose.up("--no-recreate")


async def backup_and_restore(compose: Compose) -> None:
    room_id = "restored"
    async with httpx.AsyncClient(base_url=compose.url, timeout=20) as client:
        await edge_checks.sign_in(client)
        await client.post("/api/v1/rooms", json={"name": room_id, "id": room_id})
        await edge_checks.post(client, room_id, "before the backup")
        with TemporaryDirectory() as folder:
            file = Path(folder) / "hotchat.dump"
            await compose.call("scripts/backup", str(file))
            lost = await edge_checks.post(client, room_id, "after the backup")
            await compose.call("scripts/restore", str(file), within_s=600)
        assert await edge_checks.newest_texts(compose.url, room_id) == ["before the backup"]
        assert (await edge_checks.post(client, room_id, "after the restore"))["seq"] > lost["seq"]


async def metrics(compose: Compose) -> None:
    await compose.up("--no-recreate", "prometheus")
    await compose.run(
        "exec", "-T", "prometheus", "promtool", "check", "config", "/etc/prometheus/prometheus.yml"
    )
    assert await edge_checks.scraped_replicas(compose.prometheus_port, wanted=6) == 6


@contextmanager
def step(name: str) -> Iterator[None]:
    began = time.monotonic()
    yield
    print(f"  {name}: {time.monotonic() - began:.0f} s", flush=True)


def run(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="make compose-test", description=__doc__)
    parser.add_argument("--only", default="", help="only faults whose name matches this pattern")
    options = parser.parse_args(arguments)
    try:
        require_engine()
    except NoEngine as error:
        print(f"compose-test cannot run: {error}", file=sys.stderr)
        return 2
    compose = Compose(SETTINGS)
    print(f"Project {compose.project}, edge at {compose.url}", flush=True)
    try:
        return asyncio.run(_until_signalled(_guarded(options.only, compose)))
    except asyncio.CancelledError:
        return 130


async def _until_signalled(work: Coroutine[None, None, int]) -> int:
    """SIGINT and SIGTERM cancel the work, which then cleans up."""
    task = asyncio.create_task(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return await task


async def _guarded(only: str, compose: Compose) -> int:
    wrong: list[str] = []
    try:
        wrong = await main(only, compose)
    except (ComposeFailed, AssertionError) as error:
        wrong = [str(error) or repr(error)]
        await compose.print_logs_of_failed()
    finally:
        with step("everything removed"):
            wrong += [f"{what} was not removed" for what in await compose.clean_up()]
    for sentence in wrong:
        print(f"BROKEN PROMISE: {sentence}", file=sys.stderr)
    print("compose-test failed." if wrong else "compose-test passed.", flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(run())
