"""Addresses take turns, so that a crowd at one address delays only itself."""

import asyncio
from collections.abc import Callable

import pytest

from server_kit.http.problem import ChatError
from server_kit.limits import fair_turns
from server_kit.limits.fair_turns import FairTurns, Turn

CROWD = "192.0.2.1"
BYSTANDER = "198.51.100.1"


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def refusal(is_own_fault: bool) -> ChatError:
    return ChatError("rate_limited" if is_own_fault else "store_unavailable", "No turn.")


def make_turns(
    clock: Callable[[], float],
    *,
    at_once: int = 1,
    at_once_of_address: int = 1,
    max_waiting_of_address: int = 100,
    max_waiting: int = 1_000,
    wait_s: float = 60.0,
) -> FairTurns:
    return FairTurns(
        at_once,
        at_once_of_address=at_once_of_address,
        max_waiting_of_address=max_waiting_of_address,
        max_waiting=max_waiting,
        wait_s=wait_s,
        clock=clock,
        refusal=refusal,
    )


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def order_of_turns(turns: FairTurns, clock: Clock, costs_s: dict[str, float], each: int) -> list[str]:
    """Let every address of `costs_s` ask `each` times at once; returns the addresses in the order of their turns."""
    order: list[str] = []

    async def work(address: str) -> None:
        async with turns.turn(address):
            order.append(address)
            await asyncio.sleep(0)
            clock.now_s += costs_s[address]

    await asyncio.gather(*(work(address) for address in costs_s for _ in range(each)))
    return order


async def test_another_address_gets_the_next_turn_before_a_crowd_at_one_address(clock: Clock) -> None:
    turns = make_turns(clock)
    running = await turns.take(CROWD)
    crowd = [asyncio.create_task(turns.take(CROWD)) for _ in range(50)]
    await settle()
    bystander = asyncio.create_task(turns.take(BYSTANDER))
    await settle()
    clock.now_s += 0.01
    running.end()
    await settle()
    assert bystander.done()
    assert not any(task.done() for task in crowd)
    bystander.result().end()
    for task in crowd:
        (await task).end()


async def test_addresses_take_turns_in_rotation(clock: Clock) -> None:
    order = await order_of_turns(make_turns(clock), clock, {"a": 1.0, "b": 1.0, "c": 1.0}, each=4)
    assert [set(order[at : at + 3]) for at in range(0, 12, 3)] == [{"a", "b", "c"}] * 4


async def test_an_address_is_charged_for_the_time_its_turns_take(clock: Clock) -> None:
    order = await order_of_turns(make_turns(clock), clock, {"slow": 4.0, "quick": 1.0}, each=8)
    assert order[:10].count("quick") == 8


async def test_one_address_cannot_hold_all_turns(clock: Clock) -> None:
    turns = make_turns(clock, at_once=3, at_once_of_address=2)
    mine = [await turns.take(CROWD), await turns.take(CROWD)]
    waiting = asyncio.create_task(turns.take(CROWD))
    await settle()
    assert not waiting.done()
    (await turns.take(BYSTANDER)).end()
    await settle()
    assert not waiting.done()
    for turn in mine:
        turn.end()
    (await waiting).end()


async def test_a_request_beyond_the_queue_of_its_address_is_refused_as_its_own_fault(clock: Clock) -> None:
    turns = make_turns(clock, max_waiting_of_address=3)
    running = await turns.take(CROWD)
    tasks = [asyncio.create_task(turns.take(CROWD)) for _ in range(10)]
    await settle()
    refused = [task.exception() for task in tasks if task.done()]
    assert [error.code for error in refused if isinstance(error, ChatError)] == ["rate_limited"] * 7
    running.end()
    for task in tasks[:3]:
        (await task).end()


async def test_a_request_beyond_the_queue_of_all_addresses_is_refused_as_overload(clock: Clock) -> None:
    turns = make_turns(clock, max_waiting=2)
    running = await turns.take("a")
    waiting = [asyncio.create_task(turns.take(address)) for address in ("b", "c")]
    await settle()
    with pytest.raises(ChatError) as caught:
        await turns.take("d")
    assert caught.value.code == "store_unavailable"
    running.end()
    for task in waiting:
        (await task).end()


async def test_a_timeout_is_the_own_fault_of_an_address_that_had_turns_meanwhile(clock: Clock) -> None:
    turns = make_turns(clock, wait_s=0.05)
    running = await turns.take(CROWD)
    crowd = [asyncio.create_task(turns.take(CROWD)) for _ in range(2)]
    bystander = asyncio.create_task(turns.take(BYSTANDER))
    other = asyncio.create_task(turns.take("203.0.113.1"))
    await settle()
    clock.now_s += 0.01
    running.end()
    (await bystander).end()
    (await other).end()
    kept = await crowd[0]
    with pytest.raises(ChatError) as own:
        await crowd[1]
    with pytest.raises(ChatError) as full:
        await turns.take(BYSTANDER)
    kept.end()
    assert (own.value.code, full.value.code) == ("rate_limited", "store_unavailable")


@pytest.mark.parametrize("is_granted", [False, True], ids=["while it waits", "as it is granted"])
async def test_a_cancelled_request_holds_no_turn(clock: Clock, is_granted: bool) -> None:
    turns = make_turns(clock)
    running = await turns.take(CROWD)
    waiting = asyncio.create_task(turns.take(BYSTANDER))
    await settle()
    if is_granted:
        running.end()
    waiting.cancel()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    if not is_granted:
        running.end()
    async with asyncio.timeout(5):
        (await turns.take(CROWD)).end()


async def test_a_turn_granted_while_its_request_is_cancelled_goes_to_the_next_one(clock: Clock) -> None:
    turns = make_turns(clock)
    running = await turns.take(CROWD)
    waiting = [asyncio.create_task(turns.take(BYSTANDER)) for _ in range(2)]
    await settle()
    waiting[0].cancel()
    running.end()
    await asyncio.wait(waiting, timeout=5)
    assert waiting[0].cancelled()
    (await waiting[1]).end()


async def test_idle_addresses_are_dropped_beyond_the_bound(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fair_turns, "MAX_REMEMBERED", 10)
    turns = make_turns(clock, at_once=2)
    kept: Turn = await turns.take(CROWD)
    for number in range(1_000):
        (await turns.take(f"address {number}")).end()
    assert len(turns._clients) <= 10
    assert CROWD in turns._clients
    kept.end()
