import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local_stack.child_process import ChildProcess
from local_stack.polling import wait_until

PARENT = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
partial = pathlib.Path(sys.argv[1] + ".partial")
partial.write_text(str(child.pid))
partial.rename(sys.argv[1])
time.sleep(600)
"""


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_descendants_of_a_child_end_with_it(tmp_path: Path, end: str) -> None:
    pid_file = tmp_path / "grandchild"
    child = ChildProcess("parent", [sys.executable, "-c", PARENT, pid_file], log_path=tmp_path / "log")
    child.start()
    try:
        wait_until(pid_file.exists, within_s=60, what="the start of the grandchild")
        grandchild = int(pid_file.read_text())
        getattr(child, end)()
        wait_until(lambda: is_gone(grandchild), within_s=30, what="the end of the grandchild")
    finally:
        child.kill()


def test_a_child_that_ignores_its_stop_signal_is_killed(tmp_path: Path) -> None:
    ready_file = tmp_path / "ready"
    code = "import pathlib, signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
    code += "pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
    child = ChildProcess("deaf", [sys.executable, "-c", code, ready_file], log_path=tmp_path / "log")
    child.start()
    wait_until(ready_file.exists, within_s=60, what="its start")
    assert child.stop(within_s=0.1) == -signal.SIGKILL


class EndNotNoticed:
    """A program whose end is not known yet, although another process has reaped it."""

    def __init__(self) -> None:
        program = subprocess.Popen([sys.executable, "-c", ""])
        program.wait()
        self.pid = program.pid

    def poll(self) -> int | None:
        return None

    def wait(self, timeout: float | None = None) -> int:
        return 0

    def kill(self) -> None:
        pass


class EndedChild(ChildProcess):
    def _spawn(self, mask: set[signal.Signals | int]) -> EndNotNoticed:
        return EndNotNoticed()


@pytest.mark.parametrize("call", ["stop", "kill", "pause"])
def test_a_child_may_end_right_before_a_signal(tmp_path: Path, call: str) -> None:
    child = EndedChild("ended", [], log_path=tmp_path / "log")
    child.start()
    getattr(child, call)()


def is_gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
