"""Addresses take turns, so that a crowd at one address delays only itself."""

import asyncio
from collections.abc import Callable

import pytest

from server_kit.http.problem import ChatError
from server_kit.limits import fair_semaphore
from server_kit.limits.fair_semaphore import FairSemaphore, Permit
from tests.support.manual_clock import ManualClock

CROWD = "192.0.2.1"
BYSTANDER = "198.51.100.1"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def refusal(is_own_fault: bool) -> ChatError:
    return ChatError("rate_limited" if is_own_fault else "store_unavailable", "No permit.")


def make_semaphore(
    clock: Callable[[], float],
    *,
    permits: int = 1,
    permits_of_address: int = 1,
    max_waiting_of_address: int = 100,
    max_waiting: int = 1_000,
    wait_s: float = 60.0,
) -> FairSemaphore:
    return FairSemaphore(
        permits,
        permits_of_address=permits_of_address,
        max_waiting_of_address=max_waiting_of_address,
        max_waiting=max_waiting,
        wait_s=wait_s,
        clock=clock,
        refusal=refusal,
    )


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def order_of_grants(
    semaphore: FairSemaphore, clock: ManualClock, costs_s: dict[str, float], each: int
) -> list[str]:
    """Let every address of `costs_s` request `each` permits at once. Returns the addresses in the order granted."""
    order: list[str] = []

    async def work(address: str) -> None:
        async with semaphore.permit(address):
            order.append(address)
            await asyncio.sleep(0)
            clock.now_s += costs_s[address]

    await asyncio.gather(*(work(address) for address in costs_s for _ in range(each)))
    return order


async def test_another_address_gets_the_next_permit_before_a_crowd_at_one_address(clock: ManualClock) -> None:
    semaphore = make_semaphore(clock)
    running = await semaphore.acquire(CROWD)
    crowd = [asyncio.create_task(semaphore.acquire(CROWD)) for _ in range(50)]
    await settle()
    bystander = asyncio.create_task(semaphore.acquire(BYSTANDER))
    await settle()
    clock.now_s += 0.01
    running.release()
    await settle()
    assert bystander.done()
    assert not any(task.done() for task in crowd)
    bystander.result().release()
    for task in crowd:
        (await task).release()


async def test_addresses_take_turns_in_rotation(clock: ManualClock) -> None:
    order = await order_of_grants(make_semaphore(clock), clock, {"a": 1.0, "b": 1.0, "c": 1.0}, each=4)
    assert [set(order[at : at + 3]) for at in range(0, 12, 3)] == [{"a", "b", "c"}] * 4


async def test_an_address_is_charged_for_the_time_it_holds_permits(clock: ManualClock) -> None:
    order = await order_of_grants(make_semaphore(clock), clock, {"slow": 4.0, "quick": 1.0}, each=8)
    assert order[:10].count("quick") == 8


async def test_one_address_cannot_hold_all_permits(clock: ManualClock) -> None:
    semaphore = make_semaphore(clock, permits=3, permits_of_address=2)
    mine = [await semaphore.acquire(CROWD), await semaphore.acquire(CROWD)]
    waiting = asyncio.create_task(semaphore.acquire(CROWD))
    await settle()
    assert not waiting.done()
    (await semaphore.acquire(BYSTANDER)).release()
    await settle()
    assert not waiting.done()
    for permit in mine:
        permit.release()
    (await waiting).release()


async def test_a_request_beyond_the_queue_of_its_address_is_refused_as_its_own_fault(
    clock: ManualClock,
) -> None:
    semaphore = make_semaphore(clock, max_waiting_of_address=3)
    running = await semaphore.acquire(CROWD)
    tasks = [asyncio.create_task(semaphore.acquire(CROWD)) for _ in range(10)]
    await settle()
    refused = [task.exception() for task in tasks if task.done()]
    assert [error.code for error in refused if isinstance(error, ChatError)] == ["rate_limited"] * 7
    running.release()
    for task in tasks[:3]:
        (await task).release()


async def test_a_request_beyond_the_queue_of_all_addresses_is_refused_as_overload(clock: ManualClock) -> None:
    semaphore = make_semaphore(clock, max_waiting=2)
    running = await semaphore.acquire("a")
    waiting = [asyncio.create_task(semaphore.acquire(address)) for address in ("b", "c")]
    await settle()
    with pytest.raises(ChatError) as caught:
        await semaphore.acquire("d")
    assert caught.value.code == "store_unavailable"
    running.release()
    for task in waiting:
        (await task).release()


async def test_a_timeout_is_the_own_fault_of_an_address_that_had_permits_meanwhile(
    clock: ManualClock,
) -> None:
    semaphore = make_semaphore(clock, wait_s=0.05)
    running = await semaphore.acquire(CROWD)
    crowd = [asyncio.create_task(semaphore.acquire(CROWD)) for _ in range(2)]
    bystander = asyncio.create_task(semaphore.acquire(BYSTANDER))
    other = asyncio.create_task(semaphore.acquire("203.0.113.1"))
    await settle()
    clock.now_s += 0.01
    running.release()
    (await bystander).release()
    (await other).release()
    kept = await crowd[0]
    with pytest.raises(ChatError) as own:
        await crowd[1]
    with pytest.raises(ChatError) as full:
        await semaphore.acquire(BYSTANDER)
    kept.release()
    assert (own.value.code, full.value.code) == ("rate_limited", "store_unavailable")


@pytest.mark.parametrize("is_granted", [False, True], ids=["while it waits", "as it is granted"])
async def test_a_cancelled_request_holds_no_permit(clock: ManualClock, is_granted: bool) -> None:
    semaphore = make_semaphore(clock)
    running = await semaphore.acquire(CROWD)
    waiting = asyncio.create_task(semaphore.acquire(BYSTANDER))
    await settle()
    if is_granted:
        running.release()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    if not is_granted:
        running.release()
    async with asyncio.timeout(5):
        (await semaphore.acquire(CROWD)).release()


async def test_a_permit_granted_while_its_request_is_cancelled_goes_to_the_next_one(
    clock: ManualClock,
) -> None:
    semaphore = make_semaphore(clock)
    running = await semaphore.acquire(CROWD)
    waiting = [asyncio.create_task(semaphore.acquire(BYSTANDER)) for _ in range(2)]
    await settle()
    waiting[0].cancel()
    running.release()
    await asyncio.wait(waiting, timeout=5)
    assert waiting[0].cancelled()
    (await waiting[1]).release()


async def test_idle_addresses_are_dropped_beyond_the_bound(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fair_semaphore, "MAX_REMEMBERED", 10)
    semaphore = make_semaphore(clock, permits=2)
    kept: Permit = await semaphore.acquire(CROWD)
    for number in range(1_000):
        (await semaphore.acquire(f"address {number}")).release()
    assert len(semaphore._clients) <= 10
    assert CROWD in semaphore._clients
    kept.release()
