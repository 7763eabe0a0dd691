"""The stores that all figures share, started once per run; every figure gets its own database and Redis database."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from chat_contract.topics import CHAT_EVENTS, CHAT_SIGNALS
from load_tests.jmeter.installation import MissingTool
from local_stack.apache_kafka import ApacheKafka, fetch_jars, missing_tool
from local_stack.polling import wait_until
from local_stack.postgres import Postgres
from local_stack.valkey import Valkey

PARTITIONS = 4
VALKEY_DATABASES = 256
TOPICS_WITHIN_S = 30.0


@dataclass(frozen=True)
class Stores:
    """Running Postgres (fsync on), Valkey and Apache Kafka."""

    postgres: Postgres
    valkey: Valkey
    kafka_bootstrap_servers: str
    redis_numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def fresh_database(self) -> str:
        """URL of an empty database."""
        name = f"bench_{time.monotonic_ns()}"
        self.postgres.ensure_database(name)
        return self.postgres.url(name)

    def fresh_redis(self) -> str:
        """URL of an empty numbered database; at most VALKEY_DATABASES per run."""
        return self.valkey.url(next(self.redis_numbers))


@contextmanager
def temporary_folder() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="hotchat-bench-"))
    path.chmod(0o755)  # Postgres runs as another user if we are root
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@contextmanager
def open_stores() -> Iterator[Stores]:
    """Raises MissingTool without Java, or without Maven at the first run."""
    if missing := missing_tool():
        raise MissingTool(
            f"Apache Kafka needs {missing}. Get it with: apt-get install -y default-jre-headless maven"
        )
    fetch_jars()
    with ExitStack() as stack:
        path = stack.enter_context(temporary_folder())
        postgres = Postgres(path / "postgres", log_path=path / "postgres.log")
        valkey = Valkey(path / "valkey", log_path=path / "valkey.log", databases=VALKEY_DATABASES)
        kafka = ApacheKafka(path / "kafka", log_path=path / "kafka.log")
        for store in (postgres, valkey, kafka):
            stack.callback(store.stop)
            store.start()
        make_topics(kafka.bootstrap_servers)
        yield Stores(postgres, valkey, kafka.bootstrap_servers)


def make_topics(bootstrap_servers: str) -> None:
    """Create missing topics and wait for their leaders; otherwise the first events wait for them."""
    client = AdminClient({"bootstrap.servers": bootstrap_servers})
    topics = (CHAT_EVENTS, CHAT_SIGNALS)
    existing = client.list_topics(timeout=10).topics
    wanted = [NewTopic(topic, PARTITIONS, 1) for topic in topics if topic not in existing]
    for made in (client.create_topics(wanted) if wanted else {}).values():
        made.result()

    def led() -> bool:
        try:
            known = client.list_topics(timeout=1).topics
        except KafkaException:
            return False
        return all(
            topic in known
            and known[topic].partitions
            and all(p.leader >= 0 for p in known[topic].partitions.values())
            for topic in topics
        )

    wait_until(led, within_s=TOPICS_WITHIN_S, what="the start of Kafka's topics")
