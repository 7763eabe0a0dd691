"""Installs the packages of frontend/ when its lock file has changed.

Run as `python -m local_stack.frontend_packages LOG`. It needs the standard library only: Python's packages may not be
installed yet.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

from local_stack.build_lock import build_lock
from local_stack.errors import StackFailure
from local_stack.node import FRONTEND, find_npm

INSTALL_WITHIN_S: Final = 900.0


def needs_packages(folder: Path = FRONTEND) -> bool:
    """Whether npm has not installed what the lock file of this folder names."""
    installed = _installed(folder)
    return (
        not installed.exists() or installed.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime
    )


def ensure_packages(install: Callable[[], None], folder: Path = FRONTEND) -> None:
    """Let `install` fill node_modules unless it is up to date; one process at a time. Raises what `install` raises.

    npm removes node_modules first, so call this before anything that reads it.
    """
    if not needs_packages(folder):
        return
    with build_lock("frontend-packages"):
        if needs_packages(folder):
            install()
            _installed(folder).touch()


def npm_ci(log_path: Path) -> None:
    """Raises StackFailure."""
    npm, env = find_npm()
    command = [*npm, "ci", "--no-audit", "--no-fund"]
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("wb") as log:
        try:
            done = subprocess.run(
                command,
                cwd=FRONTEND,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=INSTALL_WITHIN_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise StackFailure(f"npm ci took more than {INSTALL_WITHIN_S:g} s; see {log_path}") from error
    if done.returncode != 0:
        raise StackFailure(f"the packages of the page could not be installed (npm ci failed); see {log_path}")


def _installed(folder: Path) -> Path:
    return folder / "node_modules" / ".package-lock.json"


if __name__ == "__main__":
    try:
        ensure_packages(lambda: npm_ci(Path(sys.argv[1])))
    except StackFailure as failure:
        sys.exit(str(failure))
