"""Filters are read and built once, before texts wait for a room's lock."""

import asyncio
import time
import uuid
from random import Random

import pytest

from chat_server.filters import rules as filter_rules
from chat_server.filters.filter_cache import FilterCache
from chat_server.filters.filter_loader import FilterLoader
from chat_server.filters.rules import FilterChange, FilterRules, TextFilter
from chat_server.filters.word_automaton import WordAutomaton
from chat_server.limits.look_up_semaphore import LookUpSemaphore
from chat_server.messages.room_operations import ChangeRoom, RoomChange
from tests.support.message_store import Store

OWNER = uuid.UUID(int=1)
ADDRESS = "192.0.2.1"


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """The words of every automaton that is built."""
    words_of_builds: list[tuple[str, ...]] = []

    class CountedAutomaton(WordAutomaton):
        def __init__(self, words: tuple[str, ...]) -> None:
            words_of_builds.append(words)
            super().__init__(words)

    monkeypatch.setattr(filter_rules, "WordAutomaton", CountedAutomaton)
    return words_of_builds


async def filtered_room(store: Store, *words: str) -> str:
    await store.enter(OWNER)
    room = await store.make_room(OWNER)
    change = RoomChange(filters=FilterChange(words=words))
    writer = await store.writer()
    await writer.change_room(ChangeRoom(room_id=room, actor_id=OWNER, actor_nickname="Owner", change=change))
    return room


def make_loader(store: Store, cache: FilterCache) -> FilterLoader:
    look_ups = LookUpSemaphore(4, lambda scope: ADDRESS, time.monotonic, Random(7))
    return FilterLoader(store.engine, cache, look_ups.by_address)


async def test_a_version_is_built_once_for_all_concurrent_texts(
    store: Store, built: list[tuple[str, ...]]
) -> None:
    room = await filtered_room(store, "spam")
    loader = make_loader(store, FilterCache())
    found = await asyncio.gather(*(loader.get(room, 1, ADDRESS) for _ in range(50)))
    assert built == [("spam",)]
    assert len(set(map(id, found))) == 1
    assert found[0] is not None and found[0].is_built and found[0].check("spam").hit is not None
    assert await loader.get(room, 1, ADDRESS) is found[0]
    assert built == [("spam",)]


async def test_a_newer_version_is_loaded_and_an_older_one_never(
    store: Store, built: list[tuple[str, ...]]
) -> None:
    room = await filtered_room(store, "spam")
    cache = FilterCache()
    cache.put(room, TextFilter(5, FilterRules(words=("ham",))))
    newer = await make_loader(store, cache).get(room, 1, ADDRESS)
    assert newer is not None and newer.version == 5 and newer.is_built
    stale = FilterCache()
    stale.put(room, TextFilter(0, FilterRules()))
    loaded = await make_loader(store, stale).get(room, 1, ADDRESS)
    assert loaded is not None and loaded.rules.words == ("spam",)
    assert built == [("ham",), ("spam",)]


async def test_a_room_without_filters_needs_no_permit(store: Store) -> None:
    look_ups = LookUpSemaphore(2, lambda scope: ADDRESS, time.monotonic, Random(7)).by_address
    loader = FilterLoader(store.engine, FilterCache(), look_ups)
    async with look_ups.permit(ADDRESS):
        loads = asyncio.create_task(loader.get("no-room", 1, ADDRESS))
        assert await loader.get("no-room", 0, ADDRESS) is None
        assert not loads.done()
    assert await loads is None
