"""Fixtures for every test: real stores, and our servers as processes."""

import pytest

pytest_plugins = [
    "tests.support.stores",
    "tests.support.chat_stack",
    "tests.support.message_store",
    "tests.support.people",
    "tests.support.unit_tests",
]

LONGEST_FIRST = (
    "tests/stack/test_make_run.py",
    "tests/load/test_bench.py",
    "tests/chaos/test_short_run.py",
    "tests/chaos/test_one_minute.py",
    "tests/fetch/test_outages.py",
    "tests/browser/test_hot_room_rules.py",
    "tests/publish/test_with_chat_server.py",
    "tests/browser/test_signing_out.py",
    "tests/hotchat/test_heat_end_to_end.py",
    "tests/browser/test_room_in_a_browser.py",
    "tests/browser/test_axe.py",
    "tests/abuse/test_small_drill.py",
    "tests/load/test_jmeter_plans.py",
    "tests/publish/test_connections.py",
    "tests/stack/test_settings.py",
    "tests/api/test_bulkheads.py",
)
"""The files that take longest start first: a long file at the end of a run would leave the other workers idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        path = item.nodeid.partition("::")[0]
        return LONGEST_FIRST.index(path) if path in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=turn)
