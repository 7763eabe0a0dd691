"""pyproject.toml pins the libraries whose exact version the code needs."""

import tomllib
from importlib.metadata import version

from tests.support.chat_stack import ROOT


def test_uvicorn_is_pinned_to_the_version_that_is_tested() -> None:
    """Three modules use internals of uvicorn's httptools protocol, so any other version may break them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert f"uvicorn=={version('uvicorn')}" in project["dependencies"]


def test_every_lock_file_has_the_pinned_uvicorn() -> None:
    for name in ("dev", "run", "server"):
        lock = (ROOT / "requirements" / f"{name}.txt").read_text()
        assert f"\nuvicorn=={version('uvicorn')} " in lock, name
