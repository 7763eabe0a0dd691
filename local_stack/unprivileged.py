"""Postgres refuses to run as root: for root, its commands run as `nobody`."""

import functools
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

USER = "nobody"


def as_unprivileged(
    command: Sequence[str | Path], *, death_signal: signal.Signals | None = None
) -> list[str]:
    """`command`, to be run as USER when we are root. Raises FileNotFoundError where root has no `setpriv`."""
    words = [str(word) for word in command]
    if os.geteuid() != 0:
        return words
    # A change of user clears the parent-death signal, so setpriv sets it anew.
    death = ["--pdeathsig", death_signal.name.removeprefix("SIG")] if death_signal else []
    return [*_setpriv(), *death, "--", *words]


def give_to_unprivileged(folder: Path) -> None:
    """Make USER the owner of a folder and all in it when we are root."""
    if os.geteuid() != 0:
        return
    user = pwd.getpwnam(USER)
    if folder.stat().st_uid == user.pw_uid:
        return
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


@functools.cache
def _setpriv() -> tuple[str, ...]:
    """With the right to pass folders that only root may enter (a checkout under /root), where we may give it."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise FileNotFoundError("setpriv is missing: install util-linux, or run as another user than root")
    user = pwd.getpwnam(USER)
    plain = (setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    passing = (*plain, "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override")
    works = subprocess.run([*passing, "--", "true"], capture_output=True, check=False).returncode == 0
    return passing if works else plain
