"""Fixtures for every test: real stores, and our servers as processes of their own."""

import pytest

pytest_plugins = [
    "tests.support.stores",
    "tests.support.chat_stack",
    "tests.support.message_store",
    "tests.support.people",
    "tests.support.unit_tests",
]

LONGEST_FIRST = ("tests/chaos/test_one_minute.py", "tests/load/test_bench.py")
"""The files that take longest: begun last, one of them would keep the other processes of a run waiting."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def turn(item: pytest.Item) -> int:
        path = item.nodeid.partition("::")[0]
        return LONGEST_FIRST.index(path) if path in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=turn)
