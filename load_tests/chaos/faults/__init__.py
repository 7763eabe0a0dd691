"""Faults by kind. Each is a coroutine that breaks a part, repairs it and returns when it works again."""

from load_tests.chaos.fault import Fault
from load_tests.chaos.faults import (
    bans,
    clients,
    clocks,
    disk,
    network,
    processes,
    raid,
    restore,
    stores,
    storm,
)

FAULTS: tuple[Fault, ...] = (
    *processes.FAULTS,
    *stores.FAULTS,
    *clients.FAULTS,
    *network.FAULTS,
    *storm.FAULTS,
    *restore.FAULTS,
    *disk.FAULTS,
    *clocks.FAULTS,
    *bans.FAULTS,
    *raid.FAULTS,
)
"""All faults, the most important first."""
