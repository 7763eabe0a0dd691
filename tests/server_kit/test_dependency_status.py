"""A dependency is down after enough unanswered calls in a row, and up again after one answer."""

import logging

import pytest
from prometheus_client import REGISTRY

from server_kit.dependency_status import DependencyStatus
from tests.support.manual_clock import ManualClock

log = logging.getLogger(__name__)

RETRY_EVERY_S = 0.5


def metric(name: str, part: str) -> float | None:
    return REGISTRY.get_sample_value(name, {"store": "Postgres", "part": part})


def status_of(part: str, clock: ManualClock, failures_to_be_down: int = 2) -> DependencyStatus:
    return DependencyStatus(
        log,
        store="Postgres",
        part=part,
        failures_to_be_down=failures_to_be_down,
        retry_every_s=RETRY_EVERY_S,
        clock=clock,
    )


def test_a_single_failure_between_answers_does_not_mean_that_it_is_down() -> None:
    status = status_of("a", ManualClock())
    for _ in range(3):
        status.failed(TimeoutError())
        assert not status.is_down
        status.answered()
    assert metric("hotchat_store_errors_total", "a") == 3
    assert metric("hotchat_store_down", "a") == 0


def test_while_it_is_down_one_caller_may_try_in_each_interval() -> None:
    clock = ManualClock()
    status = status_of("b", clock)
    assert all(status.may_try() for _ in range(3))
    for _ in range(2):
        status.failed(TimeoutError())
    assert status.is_down
    assert metric("hotchat_store_down", "b") == 1
    assert not status.may_try()
    clock.now_s += RETRY_EVERY_S
    assert [status.may_try() for _ in range(3)] == [True, False, False]
    status.answered()
    assert not status.is_down
    assert all(status.may_try() for _ in range(3))
    assert metric("hotchat_store_down", "b") == 0


def test_an_error_as_an_answer_counts_as_an_error_and_shows_that_it_is_up() -> None:
    status = status_of("c", ManualClock(), failures_to_be_down=1)
    status.failed(TimeoutError())
    status.answered_with(ValueError())
    assert not status.is_down
    assert metric("hotchat_store_errors_total", "c") == 2


def test_an_outage_is_logged_once_with_its_duration(caplog: pytest.LogCaptureFixture) -> None:
    clock = ManualClock()
    status = status_of("d", clock, failures_to_be_down=1)
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            status.failed(TimeoutError("no response"))
        clock.now_s += 2.5
        for _ in range(3):
            status.answered()
    assert [record.getMessage() for record in caplog.records] == [
        "Postgres is down for d: TimeoutError: no response",
        "Postgres is up again for d, after 2.5 s",
    ]


def test_errors_as_answers_are_logged_once_until_a_call_succeeds(caplog: pytest.LogCaptureFixture) -> None:
    status = status_of("e", ManualClock())
    for _ in range(2):
        for _ in range(3):
            status.answered_with(ValueError("no such table"))
        status.answered()
    assert len(caplog.records) == 2
