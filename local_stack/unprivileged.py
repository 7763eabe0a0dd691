"""Runs commands as `nobody` without capabilities if we are root, because Postgres refuses to run as root."""

import os
import pwd
import shutil
import signal
import stat
from collections.abc import Sequence
from pathlib import Path
from tempfile import mkdtemp

USER = "nobody"
SHARED_PROGRAMS = Path("/var/cache/hotchat")
_FOLDER_FD = 9
_WITH_FOLDER = f'exec {_FOLDER_FD}<"$0" && exec "$@"'


def path_in_child(folder: Path) -> str:
    """The path by which a command of `as_unprivileged` reaches its `folder`.

    Root opens the folder and USER inherits the descriptor, so parent folders that only root may enter (a checkout under
    /root) do not matter.
    """
    return f"/proc/self/fd/{_FOLDER_FD}" if os.geteuid() == 0 else str(folder)


def as_unprivileged(
    command: Sequence[str | Path], folder: Path, *, death_signal: signal.Signals | None = None
) -> list[str]:
    """`command` as run by USER if we are root. It reaches `folder` by `path_in_child(folder)`.

    Raises FileNotFoundError if root has no `setpriv`.
    """
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise FileNotFoundError("setpriv is missing: install util-linux, or run as another user than root")
    user = pwd.getpwnam(USER)
    drop = [
        f"--reuid={user.pw_uid}",
        f"--regid={user.pw_gid}",
        "--clear-groups",
        "--inh-caps=-all",
        "--no-new-privs",
    ]
    # A change of user clears the parent-death signal, so setpriv sets it again.
    death = ["--pdeathsig", death_signal.name.removeprefix("SIG")] if death_signal else []
    return ["/bin/sh", "-c", _WITH_FOLDER, str(folder), setpriv, *drop, *death, "--", *words]


def give_to_unprivileged(folder: Path) -> None:
    """If we are root, make USER the owner of a folder and everything in it."""
    if os.geteuid() != 0:
        return
    user = pwd.getpwnam(USER)
    if folder.stat().st_uid == user.pw_uid:
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


def programs_for_unprivileged(program: Path, parts: Sequence[Path], name: str) -> Path:
    """`program`, or its copy below SHARED_PROGRAMS if we are root and USER cannot reach it.

    `parts` are the sibling folders that the program needs; `name` distinguishes versions.
    """
    if os.geteuid() != 0 or _everyone_may_run(program):
        return program
    above = parts[0].parent
    copy = SHARED_PROGRAMS / name
    if not copy.exists():
        SHARED_PROGRAMS.mkdir(parents=True, exist_ok=True)
        SHARED_PROGRAMS.chmod(0o755)
        partial = Path(mkdtemp(dir=SHARED_PROGRAMS))
        for part in parts:
            shutil.copytree(part, partial / part.relative_to(above), symlinks=True)
        for path in [partial, *partial.rglob("*")]:
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        try:
            partial.rename(copy)
        except OSError:  # another run copied it first
            shutil.rmtree(partial)
    return copy / program.relative_to(above)


def _everyone_may_run(program: Path) -> bool:
    wanted = stat.S_IROTH | stat.S_IXOTH
    is_reachable = all(folder.stat().st_mode & stat.S_IXOTH for folder in program.resolve().parents)
    return is_reachable and program.stat().st_mode & wanted == wanted
