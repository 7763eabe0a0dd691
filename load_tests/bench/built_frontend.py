"""The files of the built frontend that a browser loads before it shows a room. Pure, except that it reads files."""

import gzip
import re
from pathlib import Path

_TAGS = re.compile(r"<(?:script|link)\b[^>]*>")
_SCRIPT = re.compile(r'(?:src|href)="/(assets/[^"]+\.js)"')
_STATIC_IMPORT = re.compile(r'(?:\bfrom|\bimport)\s*"\./([^"]+\.js)"')


def first_scripts(dist: Path) -> list[Path]:
    """The entry, its static imports, and what the page preloads."""
    tags = " ".join(_TAGS.findall((dist / "index.html").read_text()))
    found: dict[Path, None] = {}
    waiting = [dist / name for name in _SCRIPT.findall(tags)]
    while waiting:
        script = waiting.pop()
        if script in found:
            continue
        found[script] = None
        waiting += [script.parent / name for name in _STATIC_IMPORT.findall(script.read_text())]
    return list(found)


def gzipped_bytes(scripts: list[Path]) -> int:
    return sum(len(gzip.compress(script.read_bytes(), compresslevel=6)) for script in scripts)
