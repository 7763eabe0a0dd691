"""The faults that a mix draws."""

import itertools
from random import Random

from load_tests.chaos.fault import Fault
from load_tests.chaos.faults import FAULTS
from load_tests.chaos.run import mixed


def drawn(seed: int) -> list[Fault]:
    minutes = (n * 0.1 for n in itertools.count())
    return list(mixed(FAULTS, 30, Random(seed), lambda: next(minutes) * 60))


def test_the_same_seed_draws_the_same_faults() -> None:
    assert [fault.name for fault in drawn(7)] == [fault.name for fault in drawn(7)]
    assert [fault.name for fault in drawn(7)] != [fault.name for fault in drawn(8)]


def test_it_draws_faults_alone_and_in_pairs_that_break_different_parts() -> None:
    by_name = {fault.name: fault for fault in FAULTS}
    pairs = [fault.name.split(" + ") for fault in drawn(7) if " + " in fault.name]
    assert pairs
    assert len(pairs) < len(drawn(7))
    for first, second in pairs:
        assert not by_name[first].parts & by_name[second].parts


def test_faults_that_take_long_are_left_out() -> None:
    lasting = {fault.name for fault in FAULTS if not fault.is_mixable}
    assert lasting
    assert not lasting & {name for fault in drawn(7) for name in fault.name.split(" + ")}
