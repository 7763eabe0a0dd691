"""Compiles the benchmarks' C programs when their source is newer than the program."""

import shutil
import subprocess
from pathlib import Path

from load_tests.bench.results import BUILD
from load_tests.jmeter.installation import MissingTool
from local_stack.build_lock import build_lock

SOURCES = Path(__file__).parent / "native"
STREAM_CROWD, HTTP_CROWD, NOTIFY_CROWD, FLOOR_SEND = (
    "stream_crowd",
    "http_crowd",
    "notify_crowd",
    "floor_send",
)


def program(name: str) -> Path:
    """The compiled program. Raises MissingTool without a C compiler, CalledProcessError if it does not compile."""
    source, target = SOURCES / f"{name}.c", BUILD / "bin" / name
    newest = max(path.stat().st_mtime for path in (source, *SOURCES.glob("*.h")))
    with build_lock("native"):
        if not target.exists() or target.stat().st_mtime < newest:
            _compile(source, target)
    return target


def _compile(source: Path, target: Path) -> None:
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise MissingTool(
            "The benchmarks' load generators are C. Get a compiler with: apt-get install -y gcc libc6-dev"
        )
    target.parent.mkdir(parents=True, exist_ok=True)
    unfinished = target.with_suffix(".new")
    subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-o", str(unfinished), str(source)], check=True)
    unfinished.rename(target)
