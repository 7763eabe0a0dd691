"""Apache Kafka without Docker: jars from Maven, one node in KRaft combined mode, as a child process."""

import shutil
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from local_stack import maven_jars
from local_stack.build_lock import BUILD
from local_stack.child_process import ChildProcess
from local_stack.maven_jars import C1_ONLY
from local_stack.ports import LOOPBACK, free_port
from local_stack.store_process import StoreProcess

JARS = BUILD / "kafka"
FORMATTED = BUILD / "kafka-storage"
"""The storage of a new node, with the same ids for each. A JVM spends 2.4 s of CPU time on formatting it."""
POM = Path(__file__).resolve().parent / "kafka" / "pom.xml"
LOG_CONFIG = POM.with_name("log4j2.properties")
START_WITHIN_S = 120.0
SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    "inter.broker.listener.name": "PLAINTEXT",
    "num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "1",
    "log.retention.ms": "3600000",  # bounds how long a deleted text stays in the topic
    "log.segment.ms": "600000",
    # with the producer's time, records from a clock that is hours off would be refused or deleted at once
    "log.message.timestamp.type": "LogAppendTime",
    "log.retention.check.interval.ms": "30000",
    "group.initial.rebalance.delay.ms": "0",
}


def missing_tool() -> str | None:
    """The program that Kafka needs and this machine lacks, or None."""
    if shutil.which("java") is None:
        return "java"
    if not maven_jars.is_complete(JARS, POM) and shutil.which("mvn") is None:
        return "mvn"
    return None


def fetch_jars() -> None:
    """Copy the jars into build/kafka once, and again when the pom changes. Raises CalledProcessError."""
    maven_jars.ensure_complete(JARS, POM, lambda: maven_jars.copy_jars(JARS, POM))


def _java(*words: str | Path) -> list[str]:
    """The command of a Java program of Kafka; `words` are further options of the JVM, the class, its arguments."""
    options = ["-Xmx512m", "-XX:+UseSerialGC", "-Djava.net.preferIPv4Stack=true"]
    logging = f"-Dlog4j2.configurationFile={LOG_CONFIG}"
    return ["java", *options, logging, "-cp", f"{JARS}/*", *map(str, words)]


class ApacheKafka(StoreProcess):
    """One node whose port stays the same over restarts, and whose records survive them.

    `quick_start` compiles with C1 only: for tests, not for benchmarks.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        log_path: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        quick_start: bool = False,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.port = port or free_port()
        self._controller_port = free_port()
        self._settings = dict(settings or {})
        self._config = self.data_dir / "server.properties"
        command = _java(*(C1_ONLY,) if quick_start else (), "kafka.Kafka", self._config)
        process = ChildProcess("kafka", command, log_path=log_path.resolve())
        super().__init__("Apache Kafka", process)

    @property
    def bootstrap_servers(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Return when the broker lists its topics. Raises DeadlinePassed, or RuntimeError if it ends at once."""
        self.prepare()
        self._start_until(self._answers, START_WITHIN_S)

    def prepare(self) -> None:
        """Write the configuration, and format the storage of a new node."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._configure()
        if not (self.data_dir / "log" / "meta.properties").exists():
            self._format()

    def _configure(self) -> None:
        own = {
            "listeners": f"PLAINTEXT://{LOOPBACK}:{self.port},CONTROLLER://{LOOPBACK}:{self._controller_port}",
            "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{self.port}",
            "controller.quorum.voters": f"1@{LOOPBACK}:{self._controller_port}",
            "log.dirs": str(self.data_dir / "log"),
        }
        lines = [f"{name}={value}\n" for name, value in {**SETTINGS, **own, **self._settings}.items()]
        self._config.write_text("".join(lines))

    def _format(self) -> None:
        log = self.data_dir / "log"

        def make() -> None:
            self._run_format()
            shutil.copytree(log, FORMATTED)

        maven_jars.ensure_complete(FORMATTED, POM, make)
        shutil.copytree(FORMATTED, log, dirs_exist_ok=True)

    def _run_format(self) -> None:
        words = ("kafka.tools.StorageTool", "format", "-t", uuid.uuid4().hex[:22], "-c", self._config)
        command = _java(C1_ONLY, *words)
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"Kafka's storage could not be formatted: {done.stdout}{done.stderr}")

    def _answers(self) -> bool:
        client = AdminClient({"bootstrap.servers": self.bootstrap_servers, "log_level": 0})
        try:
            return bool(client.list_topics(timeout=0.5).brokers)
        except KafkaException:
            return False
