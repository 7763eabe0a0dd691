"""Copies the jars that a pom names into a folder, once and after each change of the pom's text.

It compares texts, not times, because an image holds the folder of an earlier build next to a newly copied pom.
"""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from local_stack.build_lock import build_lock

C1_ONLY: Final = "-XX:TieredStopAtLevel=1"
"""Halves the time and the CPU of a JVM that runs for seconds."""


def is_complete(folder: Path, pom: Path) -> bool:
    """Whether the folder was filled from this text of the pom."""
    stamp = _stamp(folder)
    return stamp.exists() and stamp.read_bytes() == pom.read_bytes()


def ensure_complete(folder: Path, pom: Path, make: Callable[[], None]) -> None:
    """Unless the folder is complete, delete it and let `make` fill it. Raises what `make` raises."""
    if is_complete(
        folder, pom
    ):  # an image holds the folder on a read-only file system, where no lock can be taken
        return
    with build_lock(folder.name):
        if is_complete(folder, pom):
            return
        shutil.rmtree(folder, ignore_errors=True)
        make()
        _stamp(folder).write_bytes(pom.read_bytes())


def copy_jars(folder: Path, pom: Path) -> None:
    """Raises CalledProcessError, FileNotFoundError (no Maven)."""
    run_maven(pom, "dependency:copy-dependencies", f"-DoutputDirectory={folder}")


def run_maven(pom: Path, *words: str) -> None:
    """Raises CalledProcessError, FileNotFoundError (no Maven)."""
    env = {**os.environ, "MAVEN_OPTS": f"{os.environ.get('MAVEN_OPTS', '')} {C1_ONLY}"}
    subprocess.run(["mvn", "-q", "-B", "-f", str(pom), *words], check=True, env=env)


def _stamp(folder: Path) -> Path:
    return folder / ".complete"
