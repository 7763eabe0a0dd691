"""Fixtures for every test: real stores, and our servers as processes."""

import gc
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# A busy machine takes long over an example now and then.
settings.register_profile("without deadlines", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("without deadlines")

# The objects of thousands of collected tests stay until the end. Searching them for garbage again and again takes
# a quarter of the CPU time of the collection.
gc.disable()

pytest_plugins = [
    "tests.support.stores",
    "tests.support.chat_stack",
    "tests.support.message_store",
    "tests.support.people",
    "tests.support.unit_tests",
]

STARTS_FIRST = (
    # These wait much, while the checks run at a low priority.
    "tests/load/test_bench.py",
    "tests/stack/test_make_run.py",
    "tests/chaos/test_random_faults.py",
    "tests/load/test_jmeter_plans.py",
    "tests/chaos/test_faults.py",
    "tests/fetch/test_outages.py",
    "tests/contract/test_types_of_the_page.py",
    "tests/hotchat/test_heat_end_to_end.py",
    "tests/outbox/test_outbox.py",
    "tests/abuse/test_small_drill.py",
    "tests/publish/test_with_chat_server.py",
    # All browser tests of a worker follow each other, so that it runs a browser and a system for them only meanwhile.
    "tests/browser/test_shared_streams.py",
    "tests/browser/test_hot_room_rules.py",
    "tests/browser/test_lazy_parts.py",
    "tests/browser/test_buffering_proxy.py",
    "tests/browser/test_room_in_a_browser.py",
    "tests/browser/test_nothing_written_is_lost.py",
    "tests/browser/test_features.py",
    "tests/browser/test_axe.py",
    "tests/browser/test_messages_in_the_list.py",
    "tests/browser/test_rooms_list.py",
    "tests/browser/",
    "tests/publish/test_connections.py",
    "tests/stack/test_settings.py",
    "tests/project/test_flaky_report.py",
    "tests/stores/test_stores.py",
)
"""The order of test files by the beginning of their path; all others follow. A long file at the end of a run would
leave the other workers idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        return next(
            (turn for turn, path in enumerate(STARTS_FIRST) if item.nodeid.startswith(path)),
            len(STARTS_FIRST),
        )

    items.sort(key=turn)


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Collect no garbage meanwhile: the report of a failure parses source code, and so does the traceback that a
    finalizer prints. CPython before 3.11.8 cannot do one within the other (gh-106905), which would end the run.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
