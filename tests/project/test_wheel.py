"""The wheel, and so the servers' image, contains only the servers and the packages that they import."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support.chat_stack import ROOT

PACKAGES = {"chat_contract", "server_kit", "chat_server", "publish_server"}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Names of all files in a newly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    [wheel] = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def test_it_contains_the_servers_and_the_packages_that_they_import(files: list[str]) -> None:
    tops = {Path(name).parts[0] for name in files}
    assert {top for top in tops if not top.endswith(".dist-info")} == PACKAGES


def test_it_installs_no_command(files: list[str]) -> None:
    """`python -m local_stack` builds the frontend from its sources, which no wheel has."""
    assert not [name for name in files if name.endswith("entry_points.txt")]


def test_it_contains_every_source_file_of_these_packages(files: list[str]) -> None:
    sources = [
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]
    assert set(sources) <= set(files)


def test_the_image_copies_these_packages_and_no_others() -> None:
    lines = (ROOT / "docker" / "server.Dockerfile").read_text().splitlines()
    copied = {line.split()[1] for line in lines if line.startswith("COPY ") and len(line.split()) == 3}
    assert {name for name in copied if (ROOT / name / "__init__.py").exists()} == PACKAGES
