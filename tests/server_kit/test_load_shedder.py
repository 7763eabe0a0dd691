"""The measured shortage of CPU, and what a process leaves out meanwhile."""

import pytest
from prometheus_client import REGISTRY

from server_kit.load_shedder import CpuTime, LoadShedder, demand_between, thread_cpu_time
from server_kit.overload_policy import LEVEL_OF, Demand, ShedLevel
from tests.support.manual_clock import ManualClock


def shedder(level: ShedLevel) -> LoadShedder:
    return LoadShedder(level, ManualClock())


def counted(what: str) -> float:
    return REGISTRY.get_sample_value("hotchat_shed_total", {"what": what}) or 0.0


def test_demand_is_the_time_on_a_core_and_the_wait_for_one() -> None:
    assert demand_between(CpuTime(1.0, 5.0), CpuTime(1.5, 5.25), 1.0) == Demand(ran=0.5, wanted=0.75)
    assert demand_between(CpuTime(1.0, 5.0), CpuTime(2.0, 5.0), 2.0) == Demand(ran=0.5, wanted=0.5)


def test_the_time_of_this_thread_grows_with_its_work() -> None:
    before = thread_cpu_time()
    while thread_cpu_time().ran_s == before.ran_s:
        pass
    assert thread_cpu_time().waited_s >= before.waited_s


@pytest.mark.parametrize("level", ["0", "1", "2", "3", "4"])
def test_each_level_leaves_out_what_the_table_says_and_counts_it(level: ShedLevel) -> None:
    shedding = shedder(level)
    assert REGISTRY.get_sample_value("hotchat_shed_level") == int(level)
    for what, from_level in LEVEL_OF.items():
        before = counted(what)
        is_dropped = int(level) >= from_level
        assert (shedding.leaves_out(what), shedding.drops(what)) == (is_dropped, is_dropped)
        assert counted(what) - before == is_dropped


async def test_a_fixed_level_is_not_measured() -> None:
    shedding = shedder("3")
    await shedding.run()
    assert shedding.level == 3
