"""Jars that a pom names, copied by Maven into a folder once, and again when the pom's text changes.

Texts are compared, not times: an image holds the folder of an earlier build beside a pom that was just copied.
"""

import subprocess
from pathlib import Path


def are_complete(folder: Path, pom: Path) -> bool:
    """`mark_complete` was called for this text of the pom."""
    stamp = _stamp(folder)
    return stamp.exists() and stamp.read_bytes() == pom.read_bytes()


def copy_jars(folder: Path, pom: Path, *options: str) -> None:
    """Raises CalledProcessError, FileNotFoundError (no Maven)."""
    command = [
        "mvn",
        "-q",
        "-B",
        "-f",
        str(pom),
        "dependency:copy-dependencies",
        f"-DoutputDirectory={folder}",
    ]
    subprocess.run([*command, *options], check=True)


def mark_complete(folder: Path, pom: Path) -> None:
    """The last step: whoever is interrupted before it starts anew."""
    _stamp(folder).write_bytes(pom.read_bytes())


def _stamp(folder: Path) -> Path:
    return folder / ".complete"
