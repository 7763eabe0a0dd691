"""One Postgres, Valkey and Kafka per worker, on free loopback ports, with a new database for every use.

Never stop or kill the shared servers: such a test uses `own_postgres`, `own_valkey` or `own_kafka`.
"""

import asyncio
import itertools
import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import asyncpg
import pytest

from chat_server.postgres.migrate import migrate
from chat_server.postgres.pools import asyncpg_dsn, open_database
from local_stack.apache_kafka import ApacheKafka, fetch_jars, missing_tool
from local_stack.kafka_broker import EmbeddedKafka
from local_stack.postgres import APP, Postgres
from local_stack.valkey import Valkey

Kafka = ApacheKafka | EmbeddedKafka

VALKEY_DATABASES = 4_096

WITHOUT_SYNCS = {"fsync": "off", "full_page_writes": "off"}
"""Nobody kills the shared Postgres. Each dropped database would make it sync all its files, for up to a second."""

QUIET = {"metadata.max.idle.interval.ms": "0"}
"""An idle Kafka writes a record of metadata every half second, which costs as much CPU as everything else it does."""

_kafka_stand_in = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Decide once which Kafka this run uses. Without Apache Kafka a run fails in CI and prints a note elsewhere."""
    missing = missing_tool()
    if missing is None:
        return
    if os.environ.get("CI"):
        raise pytest.UsageError(
            f"real Kafka needs `{missing}`, which is missing: apt-get install default-jre-headless maven"
        )
    config.stash[_kafka_stand_in] = f"`{missing}` is missing: the embedded broker replaces Apache Kafka"


def pytest_report_header(config: pytest.Config) -> str:
    return f"kafka: {config.stash.get(_kafka_stand_in, 'Apache Kafka')}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    stand_in = config.stash.get(_kafka_stand_in, None)
    if stand_in:
        terminalreporter.write_line(f"Note: {stand_in}; behaviour of real Kafka was not tested.", yellow=True)


@pytest.fixture(scope="session")
def logs_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for logs of this session's stores and servers."""
    return tmp_path_factory.mktemp("logs")


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, logs_dir: Path) -> Iterator[Postgres]:
    server = Postgres(
        tmp_path_factory.mktemp("stores") / "postgres",
        log_path=logs_dir / "postgres.log",
        settings=WITHOUT_SYNCS,
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def template_database(postgres_server: Postgres) -> str:
    """The name of a database with our schema. Copying it takes a fraction of the time of all migrations."""
    name = "template_of_tests"
    postgres_server.ensure_database(name)

    async def migrate_it() -> None:
        async with open_database(postgres_server.url(name), 1) as engine:
            await migrate(engine)

    asyncio.run(migrate_it())
    return name


@pytest.fixture
def fresh_database(postgres_server: Postgres, template_database: str) -> Iterator[Callable[[], str]]:
    """Creates a database with our schema at every call and returns its URL; dropped after the test."""
    made: list[str] = []

    def make() -> str:
        name = f"test_{uuid.uuid4().hex}"
        postgres_server.psql(
            f'CREATE DATABASE "{name}" TEMPLATE "{template_database}" OWNER "{APP}" STRATEGY file_copy'
        )
        made.append(name)
        return postgres_server.url(name)

    yield make
    for name in made:
        postgres_server.drop_database(name)


@pytest.fixture
def database_url(fresh_database: Callable[[], str]) -> str:
    """URL of a database with our schema, as DATABASE_URL takes it."""
    return fresh_database()


@pytest.fixture
async def connection(database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """A connection to the test's database."""
    connection = await asyncpg.connect(asyncpg_dsn(database_url))
    yield connection
    await connection.close()


@pytest.fixture
def empty_database_url(postgres_server: Postgres) -> Iterator[str]:
    """URL of a database without tables, for tests of the migrations; dropped after the test."""
    name = f"test_{uuid.uuid4().hex}"
    postgres_server.ensure_database(name)
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture(scope="session")
def valkey_server(tmp_path_factory: pytest.TempPathFactory, logs_dir: Path) -> Iterator[Valkey]:
    server = Valkey(
        tmp_path_factory.mktemp("stores") / "valkey",
        log_path=logs_dir / "valkey.log",
        databases=VALKEY_DATABASES,
    )
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def redis_numbers() -> Iterator[int]:
    """Numbers of unused databases."""
    return itertools.count()


@pytest.fixture(scope="session")
def fresh_redis(valkey_server: Valkey, redis_numbers: Iterator[int]) -> Callable[[], str]:
    """Returns the URL of another empty numbered database at every call."""
    return lambda: valkey_server.url(next(redis_numbers) % VALKEY_DATABASES)


@pytest.fixture
def redis_url(fresh_redis: Callable[[], str]) -> str:
    """URL of an empty numbered database, as REDIS_URL takes it."""
    return fresh_redis()


@pytest.fixture(scope="session")
def kafka_server(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory, logs_dir: Path
) -> Iterator[Kafka]:
    server = make_kafka(pytestconfig, tmp_path_factory.mktemp("kafka"), logs_dir / "kafka.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def kafka_bootstrap_servers(kafka_server: Kafka) -> str:
    """The value of KAFKA_BOOTSTRAP_SERVERS. All tests share its topics, so give each room its own name."""
    return kafka_server.bootstrap_servers


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[Postgres]:
    """A separate server for this test, to stop, kill and pause."""
    server = Postgres(tmp_path / "postgres", log_path=tmp_path / "postgres.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_valkey(tmp_path: Path) -> Iterator[Valkey]:
    """A separate server for this test, to stop, kill and pause."""
    server = Valkey(tmp_path / "valkey", log_path=tmp_path / "valkey.log")
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_kafka(pytestconfig: pytest.Config, tmp_path: Path) -> Iterator[Kafka]:
    """A separate broker for this test, to stop, kill and pause."""
    server = make_kafka(pytestconfig, tmp_path / "kafka", tmp_path / "kafka.log")
    server.start()
    yield server
    server.stop()


def make_kafka(config: pytest.Config, data_dir: Path, log_path: Path) -> Kafka:
    """Apache Kafka, or the embedded broker if this run uses it. Not started."""
    if _kafka_stand_in in config.stash:
        return EmbeddedKafka(data_dir, log_path=log_path)
    fetch_jars()
    return ApacheKafka(data_dir, log_path=log_path, settings=QUIET, quick_start=True)
