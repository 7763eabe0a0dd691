"""A minute of random faults, often two at once, under a small crowd: a small `make chaos MINUTES=30`."""

import time
from random import Random

import pytest

from load_tests.chaos.crowd import open_crowd
from load_tests.chaos.faults import FAULTS
from load_tests.chaos.run import mixed, run_fault
from load_tests.chaos.system import open_system
from tests.chaos.test_faults import NEEDS_REAL_KAFKA, SIZE
from tests.support.forked_server import ForkedServer

SEED = 7


@NEEDS_REAL_KAFKA
@pytest.mark.timeout(400)
async def test_a_minute_of_mixed_faults_loses_duplicates_and_reorders_nothing() -> None:
    faults = [fault for fault in FAULTS if fault.missing() is None]
    rng = Random(SEED)
    async with (
        open_system(with_detour=True, server_type=ForkedServer) as system,
        open_crowd(system.chat_urls, system.publishers, SIZE, name="minute", rng=Random(SEED)) as crowd,
    ):
        rows = [await run_fault(system, crowd, fault) for fault in mixed(faults, 1, rng, time.monotonic)]
    assert rows
    assert all(row.is_good for row in rows), "\n".join(
        line for row in rows for line in (row.line(), *row.notes())
    )
