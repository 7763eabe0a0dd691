"""The embedded stores keep their guarantees after a kill -9."""

import signal
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer

from local_stack.apache_kafka import ApacheKafka
from local_stack.postgres import Postgres
from local_stack.valkey import Valkey
from tests.support.stores import Kafka


def test_postgres_keeps_a_committed_row_after_a_kill(own_postgres: Postgres) -> None:
    own_postgres.psql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (7)")
    own_postgres.kill()
    own_postgres.start()
    assert own_postgres.psql("SELECT n FROM kept") == "7"


def test_postgres_runs_with_fsync(own_postgres: Postgres) -> None:
    assert (
        own_postgres.psql("SELECT current_setting('fsync'), current_setting('synchronous_commit')") == "on|on"
    )


def test_postgres_starts_when_a_stale_pid_file_names_a_running_process(own_postgres: Postgres) -> None:
    own_postgres.kill()
    pid_file = own_postgres.data_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    pid_file.write_text("\n".join(["1", *lines[1:]]))
    own_postgres.start()
    assert own_postgres.psql("SELECT 1") == "1"


def test_a_new_postgres_takes_over_the_data_folder_of_an_orphaned_one(
    own_postgres: Postgres, tmp_path: Path
) -> None:
    own_postgres.psql("CREATE TABLE kept (n int)")
    successor = Postgres(own_postgres.data_dir, log_path=tmp_path / "successor.log")
    successor.start()
    try:
        assert not own_postgres.is_running()
        assert successor.psql("SELECT count(*) FROM kept") == "0"
    finally:
        successor.stop()


def test_every_test_gets_a_database_with_only_the_rows_of_the_migrations(
    database_url: str, empty_database_url: str, postgres_server: Postgres
) -> None:
    name, empty = (url.rpartition("/")[2] for url in (database_url, empty_database_url))
    assert postgres_server.psql("SELECT id FROM rooms", name) == "lobby"
    assert postgres_server.psql("SELECT count(*) FROM users", name) == "0"
    tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"
    assert postgres_server.psql(tables, empty) == "0"


def test_valkey_restarts_on_the_same_port_after_a_kill(own_valkey: Valkey) -> None:
    before = own_valkey.url()
    own_valkey.kill()
    own_valkey.start()
    assert own_valkey.url() == before


def test_a_paused_store_can_be_stopped(own_valkey: Valkey) -> None:
    own_valkey.pause()
    own_valkey.stop()
    assert own_valkey.process.exit_code() in (0, -signal.SIGTERM)


def test_kafka_keeps_an_acknowledged_record_after_a_kill(own_kafka: Kafka) -> None:
    if not isinstance(own_kafka, ApacheKafka):
        pytest.skip("the embedded broker keeps no records; this test needs Java")
    producer = Producer({"bootstrap.servers": own_kafka.bootstrap_servers, "acks": "all"})
    producer.produce("kept", b"value")
    assert producer.flush(10) == 0
    own_kafka.kill()
    own_kafka.start()
    consumer = Consumer(
        {"bootstrap.servers": own_kafka.bootstrap_servers, "group.id": "g", "auto.offset.reset": "earliest"}
    )
    consumer.subscribe(["kept"])
    try:
        record = consumer.poll(20)
        assert record is not None and record.value() == b"value"
    finally:
        consumer.close()


def test_a_kafka_node_copies_the_storage_that_one_before_has_formatted(
    kafka_server: Kafka, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not isinstance(kafka_server, ApacheKafka):
        pytest.skip("the embedded broker has no storage; this test needs Java")
    monkeypatch.setenv("PATH", str(tmp_path))  # without java
    ApacheKafka(tmp_path / "kafka", log_path=tmp_path / "kafka.log").prepare()
    of_node = "log/meta.properties"
    assert (tmp_path / "kafka" / of_node).read_text() == (kafka_server.data_dir / of_node).read_text()
