"""One child process with its own session and log file, which ends when its parent ends."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

import psutil

STOP_WITHIN_S = 10.0
PR_SET_PDEATHSIG = 1
STOP_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP})


class RunningProgram(Protocol):
    """The part of subprocess.Popen that ChildProcess uses."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def kill(self) -> None: ...


class ChildProcess:
    """A process that we start. Start it from a long-lived thread, because Linux sends `death_signal` to the child when
    that thread ends.

    `stop_signal` asks it to end; after STOP_WITHIN_S it is killed. Output goes to the end of `log_path`.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        log_path: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.command = [str(word) for word in command]
        self.log_path = log_path
        self.env = dict(env) if env is not None else None
        self.cwd = cwd
        self.stop_signal = stop_signal
        self.death_signal = death_signal
        self._process: RunningProgram | None = None

    @property
    def pid(self) -> int:
        """The id of the current or last process. Raises RuntimeError before the first start."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    def start(self) -> None:
        if self.is_running():
            raise RuntimeError(f"{self.name} is running already")
        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        # A stop signal between the fork and the assignment would leave an orphaned child.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            self._process = self._spawn(mask)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def _spawn(self, mask: set[signal.Signals | int]) -> RunningProgram:
        """Start the program with this mask of blocked signals."""
        with self.log_path.open("ab") as log:
            return subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.env,
                cwd=self.cwd,
                start_new_session=True,  # Ctrl-C reaches the supervisor only, which stops the processes in order
                preexec_fn=_in_child(mask, self.death_signal),  # noqa: PLW1509 - two C calls, no locks
            )

    def exit_code(self) -> int | None:
        """None while it runs (or before its start); negative for a signal."""
        return None if self._process is None else self._process.poll()

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless the process has ended."""
        if self.is_running():
            with suppress(ProcessLookupError):  # it may have ended just now, and be reaped by a fork server
                os.kill(self.pid, number)

    def ask_to_stop(self) -> None:
        """Send `stop_signal` and return at once. A paused process is resumed, so that it can handle the signal."""
        self.resume()
        self.send(self.stop_signal)

    def wait_stopped(self, within_s: float = STOP_WITHIN_S) -> int:
        """Wait for the end, kill the process if that takes longer, and return the exit code (0 if it never started)."""
        if self._process is None:
            return 0
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            self._end_group()

    def stop(self, within_s: float = STOP_WITHIN_S) -> int:
        self.ask_to_stop()
        return self.wait_stopped(within_s)

    def kill(self) -> None:
        """Send SIGKILL and wait for the end."""
        self.send(signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._end_group()

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """Send SIGSTOP to the process and all its descendants."""
        self._signal_tree(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal_tree(signal.SIGCONT)

    def log_tail(self, lines: int = 20) -> str:
        """The last lines of the log, which an earlier run may have written."""
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def _end_group(self) -> None:
        """Kill the rest of the ended process's group. npm, for example, leaves its compiler running."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _signal_tree(self, number: signal.Signals) -> None:
        if not self.is_running():
            return
        with suppress(psutil.NoSuchProcess):
            root = psutil.Process(self.pid)
            for process in [root, *root.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(number)


def _in_child(mask: set[signal.Signals | int], death_signal: signal.Signals) -> Callable[[], None]:
    """Runs between fork and exec: resets signal handling and, on Linux, asks for a signal when the parent dies."""
    parent = os.getpid()
    prctl = ctypes.CDLL(None, use_errno=True).prctl if sys.platform == "linux" else None

    def in_child() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return in_child
