"""One of our servers as a child process, ready when its readiness check passes."""

import http.client
import sys
from collections.abc import Mapping
from pathlib import Path

import psutil

from local_stack.child_process import ChildProcess
from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK

READY_WITHIN_S = 120.0


class ServerProcess(ChildProcess):
    """`python -m <module>` with exactly the given environment. `port` is 0 for a process that does not listen."""

    def __init__(
        self,
        name: str,
        module: str,
        *,
        env: Mapping[str, str],
        log_path: Path,
        port: int = 0,
        host: str = LOOPBACK,
        cwd: Path | None = None,
    ) -> None:
        super().__init__(name, [sys.executable, "-m", module], log_path=log_path, env=env, cwd=cwd)
        self.host = host
        self.port = port

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def is_ready(self) -> bool:
        """True if it listens and /healthz/ready answers 200. A process without a port is ready while it runs."""
        if self.port == 0 or not self.is_running():
            return self.is_running()
        if not self._listens():  # another process that shares the port could answer
            return False
        connection = http.client.HTTPConnection(self.host, self.port, timeout=2)
        try:
            connection.request("GET", "/healthz/ready")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def wait_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Raises DeadlinePassed, or RuntimeError with the end of its log if it ended before it was ready."""
        wait_until(
            lambda: not self.is_running() or self.is_ready(),
            within_s=within_s,
            what=f"the start of {self.name}",
        )
        if not self.is_running():
            raise RuntimeError(f"{self.name} ended at its start:\n{self.log_tail(30)}")

    def start_and_wait(self) -> None:
        self.start()
        self.wait_ready()

    def _listens(self) -> bool:
        try:
            connections = psutil.Process(self.pid).net_connections("tcp")
        except psutil.NoSuchProcess:
            return False
        return any(c.status == psutil.CONN_LISTEN and c.laddr.port == self.port for c in connections)
