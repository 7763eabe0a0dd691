"""The packages of the frontend are installed once for each lock file, before anything reads them."""

import os
import threading
from pathlib import Path

import pytest

from local_stack.frontend_packages import ensure_packages
from tests.support.chat_stack import ROOT


class Folder:
    """A frontend folder that counts installations."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.installed = 0
        self._stamp = path / "node_modules" / ".package-lock.json"
        (path / "package-lock.json").write_text("{}")

    def ensure(self) -> None:
        ensure_packages(self._install, self.path)

    def change_lock_file(self) -> None:
        earlier_s = (self.path / "package-lock.json").stat().st_mtime - 1
        os.utime(self._stamp, (earlier_s, earlier_s))

    def _install(self) -> None:
        self._stamp.parent.mkdir(exist_ok=True)
        self.installed += 1
        self._stamp.write_text("{}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr("local_stack.build_lock.BUILD", tmp_path / "build")
    return Folder(tmp_path)


def test_processes_that_start_at_once_install_once(folder: Folder) -> None:
    for expected in (1, 2):
        threads = [threading.Thread(target=folder.ensure) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert folder.installed == expected
        folder.change_lock_file()


@pytest.mark.parametrize("script", ["check", "test"])
def test_checks_and_tests_install_before_they_start_anything_else(script: str) -> None:
    commands = [
        line
        for line in (ROOT / "scripts" / script).read_text().splitlines()
        if ".venv/bin/python" in line or "scripts/" in line
    ]
    first = next(line for line in commands if not line.startswith("#"))
    assert "-m local_stack.frontend_packages" in first
