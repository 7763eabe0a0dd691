"""Every attack of `make abuse` at a small size. The tests check counts only: responses, refusals, frames."""

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest
import pytest_asyncio

from load_tests.abuse.attack import Attack
from load_tests.abuse.attacks import ATTACKS
from load_tests.abuse.bystander import Bystander
from load_tests.abuse.drill import TINY
from load_tests.abuse.run import Target, run_attack
from load_tests.abuse.server_watch import Watch
from local_stack.postgres import Postgres
from tests.support.chat_stack import ADMIN_TOKEN, make_chat_stack
from tests.support.stores import Kafka

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(
        sys.platform != "linux",
        reason="only Linux accepts every address of 127.0.0.0/8 without configuration",
    ),
]

SETTINGS = {
    "POSTS_PER_USER_PER_S": "5",
    "SESSIONS_PER_ADDRESS_PER_MIN": "60",
    "STREAMS_PER_ADDRESS": "20",
    "FOLLOWED_ROOMS_PER_ADDRESS": "300",
    "UNKNOWN_ROOMS_PER_ADDRESS": "300",
    "CONNECTIONS_PER_ADDRESS": "1000",
    "REQUESTS_PER_ADDRESS_PER_S": "200",
}


@pytest.fixture(scope="module")
def target(
    postgres_server: Postgres,
    fresh_redis: Callable[[], str],
    kafka_server: Kafka,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Target]:
    postgres_server.ensure_database("abuse")
    settings = SETTINGS | {
        "DATABASE_URL": postgres_server.url("abuse"),
        "REDIS_URL": fresh_redis(),
        "KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers,
    }
    running = make_chat_stack(
        chat=1, publish=1, scheduler=1, settings=settings, logs=tmp_path_factory.mktemp("abuse")
    )
    with ExitStack() as stack:
        for process in running.processes:
            stack.callback(process.stop)
            process.start()
        for process in running.processes:
            process.wait_ready()
        yield Target(
            running.chat_servers[0],
            running.publish_servers[0],
            database_url=settings["DATABASE_URL"],
            redis_url=settings["REDIS_URL"],
            operator_token=ADMIN_TOKEN,
            fresh_redis=fresh_redis,
        )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bystander(target: Target) -> AsyncIterator[Bystander]:
    bystander = Bystander(target.chat.port, target.publish.port)
    await bystander.start()
    yield bystander
    await bystander.stop()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)
async def test_the_bystander_is_not_harmed_by(attack: Attack, target: Target, bystander: Bystander) -> None:
    async with Watch() as watch:
        row = await run_attack(target, bystander, attack, TINY, watch)
    assert not row.harm(), "\n".join(row.harm())
