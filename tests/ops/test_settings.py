"""The operator overrides settings of heat: in every process, after a restart, until the environment changes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import product
from typing import Any, Final

import httpx
import orjson
import pytest
from pydantic import ValidationError
from redis.asyncio import Redis

from chat_contract.redis_keys import SETTING_OVERRIDES
from chat_server.hotchat.heat_rules import (
    DEFAULTS,
    SETTING_OF,
    HeatOverrides,
    HeatRules,
    LiveHeatRules,
    stored_overrides,
)
from chat_server.hotchat.overrides_copy import OverridesCopy
from chat_server.hotchat.scheduler import TICK_S
from chat_server.ops.log_repository import OperatorLogRepository
from chat_server.ops.override_repository import OverrideRepository
from chat_server.ops.setting_overrides import POLL_S
from chat_server.postgres.pools import open_database
from chat_server.settings import ChatSettings
from local_stack.overridden_settings import overridden_settings
from local_stack.ports import LOOPBACK, free_port
from local_stack.postgres import Postgres
from local_stack.server_process import ServerProcess
from local_stack.valkey import Valkey
from tests.hotchat.test_heat_end_to_end import make_room
from tests.moderation.hosted_room import code_of
from tests.support.chat_stack import ADMIN_TOKEN, StartChatStack
from tests.support.fetching_crowd import until
from tests.support.people import People
from tests.support.plain_http import ANSWERS_WITHIN_S, client_of

WRONG_FOR_ALL: Final[tuple[Any, ...]] = (0, -1, "1", True, [], 10**12)
SETTINGS: Final = "/api/v1/ops/settings"
AUDIT: Final = "/api/v1/ops/audit"


@asynccontextmanager
async def operator_of(server: ServerProcess) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    async with httpx.AsyncClient(base_url=server.base_url, headers=headers, timeout=30) as client:
        yield client


async def read(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get(SETTINGS)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def change(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await client.patch(SETTINGS, json=changes)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def value_becomes(client: httpx.AsyncClient, name: str, value: object) -> None:
    async def is_there() -> bool:
        return bool((await read(client))[name]["value"] == value)

    await until(is_there, within_s=20, what=f"{name} = {value}")


@pytest.fixture
async def operator(people: People) -> AsyncIterator[httpx.AsyncClient]:
    client = people.anonymous()
    client.headers["Authorization"] = f"Bearer {ADMIN_TOKEN}"
    yield client
    await change(client, **dict.fromkeys(SETTING_OF))


async def test_each_setting_says_where_its_value_comes_from(start_chat_stack: StartChatStack) -> None:
    stack = start_chat_stack(publish=0, scheduler=0, HOTCHAT_CALM_TICKS="5")
    async with operator_of(stack.chat_servers[0]) as client:
        changed = await change(client, fetch_burst=4, mode="shadow")
        assert changed == await read(client)
        assert changed["fetch_burst"] == {
            "value": 4,
            "default": 10,
            "source": "operator",
            "environment": 10,
            "setting": "HOT_FETCH_BURST",
        }
        found = {
            name: (each["value"], each["source"]) for name, each in changed.items() if name in SETTING_OF
        }
    assert found == {
        "enter_per_s": (5000, "default"),
        "exit_ratio": (0.7, "default"),
        "calm_ticks": (5, "environment"),
        "mode": ("shadow", "operator"),
        "strategy": ("adaptive", "default"),
        "fetch_per_client_per_s": (2, "default"),
        "fetch_burst": (4, "operator"),
    }
    assert overridden_settings(stack.chat_servers[0], ADMIN_TOKEN) == [
        "HOTCHAT_MODE is shadow, set by the operator; the environment says enforce.",
        "HOT_FETCH_BURST is 4, set by the operator; the environment says 10.",
    ]
    assert overridden_settings(stack.chat_servers[0], "no token") == [
        "The overridden settings are unknown: chat_server answered 401."
    ]


async def test_a_change_is_in_force_in_every_server_and_in_the_scheduler(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(chat=2, publish=0)
    path = f"/api/v1/rooms/{await make_room(stack)}/messages?before_seq=1"
    first, second = stack.chat_servers
    async with (
        operator_of(first) as ops,
        httpx.AsyncClient(base_url=second.base_url, timeout=ANSWERS_WITHIN_S) as reader,
    ):

        async def reader_gets(status: int) -> None:
            async def does() -> bool:
                return (await reader.get(path)).status_code == status

            await until(does, within_s=20, what=f"status {status}")

        await reader_gets(200)
        await change(ops, enter_per_s=0.1, calm_ticks=600, fetch_per_client_per_s=0.001, fetch_burst=1)
        await reader_gets(429)  # the scheduler has heated the room, and the second server refuses
        await change(ops, mode="off")
        await reader_gets(200)
        await change(ops, mode="enforce", strategy="refuse_all")
        await reader_gets(429)
        await change(ops, mode="shadow")
        await reader_gets(200)
        await change(ops, **dict.fromkeys(SETTING_OF))
        async with operator_of(second) as other:
            await value_becomes(other, "mode", "enforce")
            assert {(await read(other))[name]["source"] for name in SETTING_OF} == {"default"}


FOLLOWS_WITHIN: Final = 2
"""Polls of a server or ticks of a scheduler: the one that was under way at the change may have read the old values."""


def test_every_process_follows_within_two_seconds() -> None:
    """A server polls, or the scheduler ticks. If the server that made the change dies before it writes the copy in
    Redis, another server polls first; half a second is left for the stores."""
    assert FOLLOWS_WITHIN * max(POLL_S, TICK_S) <= 2.0
    assert POLL_S + TICK_S <= 1.5


async def metric(url: str, name: str) -> float:
    """The value of a metric of the process that serves metrics at this URL."""
    async with client_of(url) as client:
        lines = (await client.get("/metrics")).text.splitlines()
    return next(float(line.removeprefix(f"{name} ")) for line in lines if line.startswith(f"{name} "))


async def follows_within(
    polls: int, polls_made: Callable[[], Awaitable[float]], follows: Callable[[], Awaitable[bool]]
) -> None:
    """Call it after a change. The process follows at the latest when it has made so many polls since then."""
    at_change = await polls_made()
    async with asyncio.timeout(ANSWERS_WITHIN_S):
        while True:
            made = await polls_made() - at_change
            if await follows():
                return
            assert made < polls, f"the old values are in force after {made:g} polls"


async def test_a_change_is_in_force_after_at_most_two_polls_in_each_server_and_two_ticks_in_the_scheduler(
    start_chat_stack: StartChatStack,
) -> None:
    port = free_port()
    stack = start_chat_stack(chat=2, publish=0, SCHEDULER_METRICS_PORT=str(port))
    first, second = (server.base_url for server in stack.chat_servers)
    scheduler = f"http://{LOOPBACK}:{port}"
    path = f"/api/v1/rooms/{await make_room(stack)}/messages?before_seq=1"

    async def hot_rooms() -> float:
        return await metric(scheduler, "hotchat_scheduler_hot_rooms")

    async def is_cold() -> bool:
        return await hot_rooms() == 0

    async with operator_of(stack.chat_servers[0]) as ops, client_of(first) as one, client_of(second) as other:

        async def is_hot_everywhere() -> bool:
            await other.get(path)
            known = [await metric(url, "hotchat_hot_rooms") for url in (first, second)]
            return [await hot_rooms(), *known] == [1, 1, 1]

        async def is_refused() -> bool:
            return (await other.get(path)).status_code == 429

        await change(ops, enter_per_s=0.1, calm_ticks=600, strategy="refuse_all", mode="shadow")
        await until(is_hot_everywhere, within_s=20, what="the room is hot")
        assert [(await reader.get(path)).status_code for reader in (one, other)] == [200, 200]

        await change(ops, mode="enforce")
        assert (await one.get(path)).status_code == 429, "in force in the server that answered"
        await follows_within(
            FOLLOWS_WITHIN,
            lambda: metric(second, "hotchat_setting_polls_total"),
            is_refused,
        )
        await change(ops, enter_per_s=1e9, calm_ticks=1)
        await follows_within(
            FOLLOWS_WITHIN,
            lambda: metric(scheduler, 'hotchat_ticks_total{outcome="done"}'),
            is_cold,
        )


async def test_overrides_survive_a_restart_until_the_environment_changes(
    start_chat_stack: StartChatStack,
) -> None:
    common = {"publish": 0, "scheduler": 0, "REQUESTS_PER_ADDRESS_PER_S": "1000"}
    [first] = start_chat_stack(HOTCHAT_CALM_TICKS="3", **common).chat_servers
    async with operator_of(first) as client:
        assert (await change(client, calm_ticks=7, enter_per_s=3000))["warnings"] == []
        [warning] = (await change(client, enter_per_s=900))["warnings"]
        assert "HOTCHAT_ENTER_PER_S is 900" in warning
        first.stop()
        first.start()
        first.wait_ready()
        found = await read(client)
        assert [found[name]["value"] for name in ("calm_ticks", "enter_per_s")] == [7, 900]

        [second] = start_chat_stack(HOTCHAT_CALM_TICKS="4", **common).chat_servers
        async with operator_of(second) as other:
            found = await read(other)
            assert (found["calm_ticks"]["value"], found["calm_ticks"]["source"]) == (4, "environment")
            assert (found["enter_per_s"]["value"], found["enter_per_s"]["source"]) == (900, "operator")
            [ended, *_] = (await other.get(AUDIT)).json()["entries"]
        await value_becomes(client, "calm_ticks", 3)
    assert (ended["action"], ended["details"]) == (
        "change_settings",
        {"settings": {"calm_ticks": {"old": 7, "new": 4, "source": "environment"}}, "cause": "environment"},
    )


async def test_the_log_has_old_and_new_values_and_the_reason(operator: httpx.AsyncClient) -> None:
    async def newest() -> Any:
        return (await operator.get(AUDIT)).json()["entries"][0]

    await change(operator, calm_ticks=9, exit_ratio=0.5, reason="  The final begins ")
    entry = await newest()
    assert (entry["action"], entry["room_id"], entry["target"]) == ("change_settings", None, None)
    assert entry["details"] == {
        "settings": {
            "calm_ticks": {"old": 3, "new": 9, "source": "operator"},
            "exit_ratio": {"old": 0.7, "new": 0.5, "source": "operator"},
        },
        "reason": "The final begins",
    }
    await change(operator, calm_ticks=9)
    await change(operator)
    assert await newest() == entry, "nothing changed"
    await change(operator, calm_ticks=None, strategy=None)
    settings = {"calm_ticks": {"old": 9, "new": 3, "source": "environment"}}
    assert (await newest())["details"] == {"settings": settings, "reason": None}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *product(SETTING_OF, WRONG_FOR_ALL),
        ("calm_ticks", 1.5),
        ("fetch_burst", 2.5),
        ("exit_ratio", 1.01),
        ("fetch_per_client_per_s", 0.0001),
        ("mode", "sometimes"),
        ("strategy", "Adaptive"),
        ("reason", "x" * 201),
        ("reason", ""),
        ("hotchat_enter_per_s", 1),
    ],
)
async def test_a_wrong_value_is_refused_with_a_sentence(
    operator: httpx.AsyncClient, name: str, value: object
) -> None:
    before = await read(operator)
    answer = await operator.patch(SETTINGS, json={"fetch_burst": 7, name: value})
    assert code_of(answer) == (422, "validation_failed")
    assert answer.json()["detail"].startswith(f"{name}: ")
    assert await read(operator) == before


@pytest.mark.parametrize("name", SETTING_OF)
def test_the_bounds_are_those_of_the_environment(name: str) -> None:
    def is_accepted(model: type[Any], field: str, value: object) -> bool:
        try:
            return bool(model.model_validate({field: value, "hotchat_secret": "a secret for tests"}))
        except ValidationError:
            return False

    numbers = (
        -1.0,
        0.0,
        0.0001,
        0.001,
        0.5,
        1.0,
        1.01,
        86_400.0,
        86_401.0,
        1e6,
        1e6 + 1,
        1e9,
        1e9 + 1,
        1e300,
    )
    values: list[Any] = [*numbers, float("inf"), float("nan"), "enforce", "off", "adaptive", "refuse_all"]
    if isinstance(getattr(DEFAULTS, name), int):
        values = [int(value) for value in numbers if value.is_integer()]
    accepted = [value for value in values if is_accepted(HeatOverrides, name, value)]
    assert accepted == [value for value in values if is_accepted(ChatSettings, SETTING_OF[name], value)]
    assert 0 < len(accepted) < len(values)


async def test_changes_at_the_same_time_are_logged_one_after_another(database_url: str) -> None:
    async with open_database(database_url, 8) as engine:
        repository = OverrideRepository(engine)
        values = [float(number) for number in range(1, 17)]
        await asyncio.gather(*(repository.change({"enter_per_s": value}, DEFAULTS, None) for value in values))
        entries = await OperatorLogRepository(engine).entries(2**62, 100)
        last = (await repository.read()).enter_per_s
    changes = [orjson.loads(entry["details"])["settings"]["enter_per_s"] for entry in reversed(entries)]
    assert [each["old"] for each in changes] == [5000, *(each["new"] for each in changes[:-1])]
    assert sorted(each["new"] for each in changes) == values
    assert changes[-1]["new"] == last


def test_stored_values_that_this_version_does_not_accept_are_left_out() -> None:
    stored = {"enter_per_s": 3000, "calm_ticks": 0, "mode": "sometimes", "fetch_burst": None, "newer": 1}
    assert stored_overrides(stored).given() == {"enter_per_s": 3000}


def test_followers_hear_of_changes_only() -> None:
    heat, heard = LiveHeatRules(DEFAULTS), list[HeatRules]()
    heat.follow(heard.append)
    for overrides in ({}, {"calm_ticks": 4}, {"calm_ticks": 4}, {"calm_ticks": 3}, {}):
        heat.override(stored_overrides(overrides))
    assert heard == [DEFAULTS, DEFAULTS._replace(calm_ticks=4), DEFAULTS]


async def test_a_copy_that_is_missing_or_unreadable_changes_nothing(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        copy = OverridesCopy(redis)
        assert await copy.read() is None
        for raw in (b"", b"{", b"[1]", b"3", b"\xff"):
            await redis.set(SETTING_OVERRIDES, raw)
            assert await copy.read() is None, raw
        await redis.delete(SETTING_OVERRIDES)
        await redis.hset(SETTING_OVERRIDES, "calm_ticks", "4")
        assert await copy.read() is None
        await copy.write(HeatOverrides(calm_ticks=4))
        assert await copy.read() == HeatOverrides(calm_ticks=4)


@contextmanager
def down(store: Postgres | Valkey) -> Iterator[None]:
    store.stop()
    yield
    store.start()


async def test_overrides_stay_in_force_while_the_stores_are_down(
    start_chat_stack: StartChatStack, own_postgres: Postgres, own_valkey: Valkey
) -> None:
    own_postgres.ensure_database("hotchat")
    urls = {"DATABASE_URL": own_postgres.url("hotchat"), "REDIS_URL": own_valkey.url()}
    [server] = start_chat_stack(publish=0, scheduler=0, **urls).chat_servers
    async with operator_of(server) as client:

        async def is_copied(**given: Any) -> None:
            async def is_there() -> bool:
                async with Redis.from_url(own_valkey.url()) as redis:  # Valkey restarts meanwhile
                    raw = await redis.get(SETTING_OVERRIDES)
                return raw is not None and orjson.loads(raw) == given

            await until(is_there, within_s=30, what=f"the copy {given}")

        await change(client, calm_ticks=8)
        await is_copied(calm_ticks=8)
        with down(own_valkey):
            found = await change(client, fetch_burst=3)
            assert [found[name]["value"] for name in ("calm_ticks", "fetch_burst")] == [8, 3]
        await is_copied(calm_ticks=8, fetch_burst=3)
        with down(own_postgres):
            refused = await client.patch(SETTINGS, json={"calm_ticks": 2})
            assert code_of(refused) == (503, "store_unavailable")
            assert await read(client) == found
        await value_becomes(client, "calm_ticks", 8)

        async def is_accepted() -> bool:
            return (await client.patch(SETTINGS, json={"calm_ticks": 2})).status_code == 200

        await until(is_accepted, within_s=30, what="a change after the outage")
        await is_copied(calm_ticks=2, fetch_burst=3)
