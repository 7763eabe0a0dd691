"""Marks unit tests: those that use no store and start no program. `make unit` runs them alone.

A test that uses no store fixture is a unit test unless its file is in STARTS_PROGRAMS. An audit hook fails a unit test
that starts a program, so neither list can go stale unnoticed.
"""

import sys
from collections.abc import Generator
from pathlib import Path
from typing import Final

import pytest

STORES: Final = frozenset(
    {"postgres_server", "valkey_server", "kafka_server", "own_postgres", "own_valkey", "own_kafka"}
)

STARTS_PROGRAMS: Final = (
    "tests/abuse/test_small_drill.py",
    "tests/api/test_docs_page.py",
    "tests/api/test_hostile_bytes.py",
    "tests/browser/",
    "tests/chaos/",
    "tests/compose/",
    "tests/contract/test_types_of_the_page.py",
    "tests/edge/",
    "tests/load/",
    "tests/project/test_development_page.py",
    "tests/project/test_failure_reports.py",
    "tests/project/test_flaky_report.py",
    "tests/project/test_vitest_retry.py",
    "tests/project/test_wheel.py",
    "tests/stack/",
    "tests/stores/",
    "tests/server_kit/test_crash_policy.py",
)
"""Tests that start programs without a store fixture, by the beginning of their path."""

SLOW_TO_IMPORT: Final = ("tests/api/test_schema_fuzz.py",)
"""Files without unit tests whose import takes seconds."""

STARTING_A_PROGRAM: Final = frozenset({"subprocess.Popen", "os.posix_spawn", "os.fork", "os.forkpty"})

is_unit_test_running = False


def _refuse_programs(event: str, _: tuple[object, ...]) -> None:
    if is_unit_test_running and event in STARTING_A_PROGRAM:
        raise AssertionError(f"a unit test starts no program ({event}); see tests/support/unit_tests.py")


def pytest_configure() -> None:
    sys.addaudithook(_refuse_programs)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m unit`, skip importing what has no unit test."""
    path = collection_path.relative_to(config.rootpath).as_posix()
    if config.option.markexpr == "unit" and (path if collection_path.is_file() else f"{path}/").startswith(
        STARTS_PROGRAMS + SLOW_TO_IMPORT
    ):
        return True
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        fixtures = frozenset(getattr(item, "fixturenames", ()))
        if not fixtures & STORES and not item.nodeid.startswith(STARTS_PROGRAMS):
            item.add_marker("unit")


def _guarded(item: pytest.Item) -> Generator[None, object, object]:
    global is_unit_test_running  # noqa: PLW0603 - an audit hook cannot be removed or given an argument
    is_unit_test_running = item.get_closest_marker("unit") is not None
    try:
        return (yield)
    finally:
        is_unit_test_running = False


# The teardown of a worker's last test also ends the fixtures of the session, which may start a program.
@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _guarded(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    return (yield from _guarded(item))
