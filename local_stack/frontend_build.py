"""Builds frontend/ when its sources have changed since the last build.

Run as `python -m local_stack.frontend_build LOG`.
"""

import hashlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from local_stack.build_lock import build_lock
from local_stack.child_process import ChildProcess
from local_stack.errors import StackFailure
from local_stack.frontend_packages import ensure_packages, needs_packages, npm_ci
from local_stack.node import FRONTEND, find_npm
from local_stack.polling import wait_until

DIST = FRONTEND / "dist"
STAMP = DIST / ".built-from"
BUILD_WITHIN_S = 900.0
NOT_SOURCES = {"node_modules", "dist", "tests", "test-results"}


def ensure_page(log_path: Path, say: Callable[[str], None] = print) -> bool:
    """Build the frontend unless it is up to date; True if it was built. Raises StackFailure.

    `say` gets a line before each long step.
    """
    if not (FRONTEND / "package.json").exists():
        raise StackFailure(f"the page's sources are missing: {FRONTEND} has no package.json")
    with build_lock("page"):
        wanted = fingerprint(FRONTEND)
        if STAMP.exists() and STAMP.read_text() == wanted:
            return False
        npm, env = find_npm()
        log_path.unlink(missing_ok=True)
        if needs_packages():
            say("  page: installing its packages; the first time, this takes a minute or more")
            ensure_packages(lambda: npm_ci(log_path.with_name("npm.log")))
        say("  page: building")
        _run([*npm, "run", "build"], env, log_path)
        STAMP.write_text(wanted)
        return True


def fingerprint(folder: Path) -> str:
    """A hash of the names and contents of all source files."""
    digest = hashlib.sha256()
    for path in sorted(_sources(folder)):
        digest.update(f"{path.relative_to(folder)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _sources(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if path.name in NOT_SOURCES:
            continue
        if path.is_dir():
            yield from _sources(path)
        else:
            yield path


def _run(command: list[str], env: dict[str, str], log_path: Path) -> None:
    npm = ChildProcess("npm", command, log_path=log_path, env=env, cwd=FRONTEND)
    try:
        npm.start()
        wait_until(lambda: not npm.is_running(), within_s=BUILD_WITHIN_S, what="the build of the page")
    except BaseException:
        npm.stop()
        raise
    if npm.exit_code() != 0:
        raise StackFailure(f"the page could not be built ({' '.join(command[-2:])} failed); see {log_path}")


if __name__ == "__main__":
    try:
        ensure_page(Path(sys.argv[1]))
    except StackFailure as failure:
        sys.exit(str(failure))
