"""The most important faults under a small crowd. `make chaos` runs all of them at full size."""

from collections.abc import AsyncIterator
from random import Random

import pytest
import pytest_asyncio

from load_tests.chaos.crowd import Crowd, CrowdSize, open_crowd
from load_tests.chaos.fault import Fault
from load_tests.chaos.faults import FAULTS
from load_tests.chaos.faults.bans import ban_a_few
from load_tests.chaos.faults.raid import small_raid
from load_tests.chaos.faults.storm import small_storm
from load_tests.chaos.report import Row
from load_tests.chaos.run import both, run_fault
from load_tests.chaos.system import System, open_system
from local_stack.apache_kafka import missing_tool
from tests.support.forked_server import ForkedServer

SIZE = CrowdSize(rooms=3, authors=24, tabs=24, every_s=0.6)
SHORT_RUN = (
    "kill -9 of every server + kill -9 of Kafka, started after 3 s",
    "kill -9 of Postgres, started after 3 s",
    "records trimmed before the hubs read them",
    "rolling restart of publish_servers (SIGTERM)",
)

NEEDS_REAL_KAFKA = pytest.mark.skipif(
    missing_tool() is not None, reason="only real Kafka can be killed and keep its records"
)
pytestmark = [pytest.mark.asyncio(loop_scope="module"), NEEDS_REAL_KAFKA]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def system() -> AsyncIterator[System]:
    async with open_system(server_type=ForkedServer) as system:
        yield system


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def crowd(system: System) -> AsyncIterator[Crowd]:
    async with open_crowd(system.chat_urls, system.publishers, SIZE, name="short", rng=Random(7)) as crowd:
        yield crowd


def fault_named(name: str) -> Fault:
    """One of FAULTS, or two of them at once."""
    by_name = {fault.name: fault for fault in FAULTS}
    first, *second = (by_name[part] for part in name.split(" + "))
    return both(first, *second) if second else first


async def assert_nothing_is_lost(system: System, crowd: Crowd, fault: Fault) -> Row:
    row = await run_fault(system, crowd, fault)
    assert row.outcome.verdict.posts_answered > 0
    assert row.is_good, "\n".join([row.line(), *row.notes()])
    return row


@pytest.mark.parametrize("name", SHORT_RUN)
async def test_every_tab_sees_every_post_once_and_in_order_after(
    system: System, crowd: Crowd, name: str
) -> None:
    """A third of the tabs follow the calm lane: its rows and what it says it skipped are the whole log."""
    row = await assert_nothing_is_lost(system, crowd, fault_named(name))
    assert row.outcome.skipped > 0


async def test_a_thousand_streams_resume_at_publish_servers_without_loaded_rooms(
    system: System, crowd: Crowd
) -> None:
    await assert_nothing_is_lost(system, crowd, Fault("1,000 streams resume", small_storm))


async def test_nothing_of_a_banned_person_takes_a_seq_while_a_server_is_stopped(
    system: System, crowd: Crowd
) -> None:
    await assert_nothing_is_lost(system, crowd, Fault("a few people banned", ban_a_few))


async def test_every_stream_gets_the_purge_of_a_raid(system: System, crowd: Crowd) -> None:
    await assert_nothing_is_lost(system, crowd, Fault("a small raid", small_raid))
