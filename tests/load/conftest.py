from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest
from aiohttp import web

from load_tests.bench.stores import Stores, make_topics
from local_stack.apache_kafka import ApacheKafka
from local_stack.ports import LOOPBACK
from local_stack.postgres import Postgres
from local_stack.valkey import Valkey
from tests.support.stores import Kafka

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]
Serve = Callable[[Answer], Awaitable[int]]


@pytest.fixture
def stores(
    postgres_server: Postgres, valkey_server: Valkey, kafka_server: Kafka, redis_numbers: Iterator[int]
) -> Stores:
    if isinstance(kafka_server, ApacheKafka):  # the embedded broker creates topics only by itself
        make_topics(kafka_server.bootstrap_servers)
    return Stores(postgres_server, valkey_server, kafka_server.bootstrap_servers, redis_numbers)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """A server that answers every request with the test's function: `port = await serve(answer)`."""
    runners = []

    async def start(answer: Answer) -> int:
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        runners.append(runner)
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, 0).start()
        port: int = runner.addresses[0][1]
        return port

    yield start
    for runner in runners:
        await runner.cleanup()
