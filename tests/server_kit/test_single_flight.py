"""Concurrent callers with the same key share one task."""

import asyncio

import pytest

from server_kit.single_flight import SingleFlight


class Work:
    """Work that waits for its gate and counts how often it began."""

    def __init__(self) -> None:
        self.begun = 0
        self.gate = asyncio.Event()

    async def __call__(self) -> int:
        self.begun += 1
        number = self.begun
        await self.gate.wait()
        return number


async def test_callers_share_a_task_only_with_others_of_the_same_key() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    work, other = Work(), Work()
    callers = [asyncio.create_task(flights.join("a", work)) for _ in range(3)]
    callers.append(asyncio.create_task(flights.join("b", other)))
    await asyncio.sleep(0)
    assert flights.is_running("a") and flights.is_running("b")
    work.gate.set()
    other.gate.set()
    assert await asyncio.gather(*callers) == [1, 1, 1, 1]
    assert (work.begun, other.begun) == (1, 1)
    assert not flights.is_running("a")
    assert await flights.join("a", work) == 2


async def test_a_cancelled_caller_does_not_cancel_the_task_of_the_others() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    work = Work()
    impatient, patient = (asyncio.create_task(flights.join("a", work)) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    work.gate.set()
    assert await patient == 1


async def test_every_caller_gets_the_error_and_a_later_one_starts_the_work_again() -> None:
    flights: SingleFlight[str, int] = SingleFlight()

    async def fail() -> int:
        raise OSError("no route")

    callers = [asyncio.create_task(flights.join("a", fail)) for _ in range(2)]
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [OSError, OSError]
    with pytest.raises(OSError):
        await flights.join("a", fail)


async def test_after_detach_the_next_caller_starts_a_task_of_its_own() -> None:
    flights: SingleFlight[str, int] = SingleFlight()
    work = Work()
    before = asyncio.create_task(flights.join("a", work))
    await asyncio.sleep(0)
    flights.detach("a")
    after = asyncio.create_task(flights.join("a", work))
    await asyncio.sleep(0)
    work.gate.set()
    assert (await before, await after) == (1, 2)
