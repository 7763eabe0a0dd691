"""`python -m local_stack`: the whole chat room on this machine; `make run` calls it."""

import argparse
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from local_stack.child_process import PR_SET_PDEATHSIG, STOP_SIGNALS
from local_stack.errors import StackFailure
from local_stack.settings import StackSettings
from local_stack.stack import run, say
from server_kit.settings import WrongSetting, read_settings


class StopAsked(BaseException):
    """A stop signal arrived. Not an Exception, so that no handler treats it as a failure."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 after a stop by signal, 1 after a failure."""
    parser = argparse.ArgumentParser(prog="python -m local_stack", description=__doc__)
    parser.add_argument("command", nargs="?", default="run", choices=["run"], help="run: start everything")
    parser.parse_args(arguments)
    return run_until_stopped(run)


def run_until_stopped(start: Callable[[StackSettings], None]) -> int:
    """Call `start` and end it at a stop signal: 0 after that, 1 after a failure."""
    if os.environ.pop("HOTCHAT_STOP_WITH_PARENT", ""):
        _stop_with_parent()
    for number in STOP_SIGNALS:
        signal.signal(number, _ask_to_stop)
    try:
        start(read_settings(StackSettings))
    except StopAsked:
        pass
    except (StackFailure, WrongSetting) as failure:
        print(f"Hotchat cannot run: {failure}", file=sys.stderr, flush=True)
        return 1
    say("Hotchat has stopped.")
    return 0


def _ask_to_stop(_number: int, _frame: FrameType | None) -> NoReturn:
    for number in STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # stopping is bounded in time and must not be interrupted
    with suppress(OSError):
        os.write(1, b"Stopping.\n")  # not print: the signal may have interrupted one
    raise StopAsked


def _stop_with_parent() -> None:
    """A killed `make` does not end its children. On Linux the kernel sends us SIGTERM when `make` dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
