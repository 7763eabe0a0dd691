"""librdkafka's built-in Kafka broker in a separate process.

It loses its records when it ends and trims old ones; seq, outbox and head checks make that harmless. Topics are
created at first use, with 4 partitions. `python -m local_stack.kafka_broker FILE` writes host:port to FILE when ready.
"""

import signal
import sys
from pathlib import Path

from confluent_kafka import Producer

from local_stack.child_process import ChildProcess
from local_stack.store_process import StoreProcess

START_WITHIN_S = 20.0


class EmbeddedKafka(StoreProcess):
    """The broker as a child process. Each start has a new port and no records."""

    def __init__(self, data_dir: Path, *, log_path: Path) -> None:
        self._address_file = data_dir.resolve() / "kafka.address"
        process = ChildProcess(
            "kafka",
            [sys.executable, "-m", "local_stack.kafka_broker", self._address_file],
            log_path=log_path.resolve(),
        )
        super().__init__("the Kafka broker", process, stop_within_s=10)
        self.bootstrap_servers = ""

    def start(self) -> None:
        """Return when it accepts connections. Raises DeadlinePassed, or RuntimeError if it ends at once."""
        self._address_file.parent.mkdir(parents=True, exist_ok=True)
        self._address_file.unlink(missing_ok=True)
        self._start_until(self._address_file.exists, START_WITHIN_S)
        self.bootstrap_servers = self._address_file.read_text()


def main(address_file: Path) -> None:
    """Serve until SIGTERM or SIGINT."""
    signals = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(
        signal.SIG_BLOCK, signals
    )  # before librdkafka starts its threads, so that this thread gets the signals
    client = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "replaced by the mock cluster's own"})
    broker = next(iter(client.list_topics(timeout=10).brokers.values()))
    partial = address_file.with_suffix(".partial")
    partial.write_text(f"{broker.host}:{broker.port}")
    partial.rename(address_file)
    signal.sigwait(signals)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
