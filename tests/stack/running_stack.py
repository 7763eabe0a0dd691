"""`python -m local_stack`, or another module of it, on free ports and its own data folder, observed from outside."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import psutil

from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK, free_port

ROOT = Path(__file__).resolve().parent.parent.parent
READY_WITHIN_S = 180.0
ODD_NAME = "my data é'\"$x %20"
"""A name of a folder that a shell, a configuration file or a URL reads differently unless it is quoted."""

NOT_PASSED_ON = {"DATABASE_URL", "REDIS_URL", "KAFKA_BOOTSTRAP_SERVERS", "CHAT_INTERNAL_URL"}


class RunningStack:
    """`module` is `local_stack` (make run) or `local_stack.dev` (make dev), run in the folder `checkout`."""

    def __init__(
        self, data_dir: Path, *, module: str = "local_stack", checkout: str = str(ROOT), **settings: str
    ) -> None:
        self._module = module
        self._checkout = checkout
        self.settings = settings
        self.data_dir = data_dir
        self.chat_port = int(settings.get("CHAT_PORT") or free_port())
        self.publish_port = int(settings.get("PUBLISH_PORT") or free_port())
        self._output = data_dir.parent / f"{data_dir.name}-{self.chat_port}.out"
        self._env = {name: value for name, value in os.environ.items() if name not in NOT_PASSED_ON} | {
            "HOTCHAT_DATA_DIR": str(data_dir),
            "CHAT_PORT": str(self.chat_port),
            "PUBLISH_PORT": str(self.publish_port),
            **settings,
        }
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def chat_url(self) -> str:
        return f"http://{LOOPBACK}:{self.chat_port}"

    @property
    def publish_url(self) -> str:
        return f"http://{LOOPBACK}:{self.publish_port}"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        self._output.parent.mkdir(parents=True, exist_ok=True)
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                cwd=self._checkout,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def start_and_wait(self) -> None:
        self.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        wait_until(
            lambda: self.has_ended() or "Hotchat is ready" in self.output(),
            within_s=READY_WITHIN_S,
            what="the ready line",
        )
        assert not self.has_ended(), self.output()

    def output(self) -> str:
        return self._output.read_text()

    def has_ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def wait_ended(self, within_s: float = 60.0) -> int:
        assert self.process is not None
        return self.process.wait(within_s)

    def send(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def stop(self) -> int:
        """Send SIGTERM and return the exit code. Kills every process if that takes too long."""
        if self.has_ended():
            return self.process.returncode if self.process else 0
        self.send(signal.SIGTERM)
        try:
            return self.wait_ended()
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill every process, as a power cut does."""
        for process in self.family():
            with suppress(psutil.NoSuchProcess):  # it may end with its parent
                process.kill()

    def family(self) -> list[psutil.Process]:
        """The supervisor and all its descendants."""
        supervisor = psutil.Process(self.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def part(self, name: str) -> psutil.Process:
        """The process of one part; `name` is a word of its command line, such as `chat_server` or `postgres`."""
        for process in psutil.Process(self.pid).children():
            words = process.cmdline()
            named = process.name() in (name, f"{name}-server")
            if named or name in words:
                return process
        raise LookupError(f"no part {name} is running")

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.chat_url}{path}", timeout=10)
