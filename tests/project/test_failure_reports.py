"""A failed test gets its report although finalizers of garbage print tracebacks."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.chat_stack import ROOT

FAILS_AMONG_GARBAGE = """
import ast
import gc

class Garbage:
    def __init__(self):
        self.me = self

    def __del__(self):
        ast.parse("a = b + c")

def test_fails():
    gc.callbacks.append(lambda phase, info: Garbage())
    assert 1 == 2
"""
LONG_FILE = "".join(f"LINE_{number} = [1, 2, 3]\n" for number in range(2_000))
"""Parsing it creates enough objects for the collector of garbage to run meanwhile."""


def test_garbage_does_not_end_the_run(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("from tests.conftest import pytest_runtest_makereport\n")
    (tmp_path / "test_garbage.py").write_text(FAILS_AMONG_GARBAGE + LONG_FILE)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path],
        cwd=tmp_path,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "assert 1 == 2" in done.stdout) == (1, True), done.stdout
