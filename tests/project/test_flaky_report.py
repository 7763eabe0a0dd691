"""scripts/pytest-with-retry lists each test that passed only when retried, and fails when a test fails twice."""

import os
import subprocess
from pathlib import Path

from tests.support.chat_stack import ROOT

FLAKY = """
import pathlib

def test_passes_the_second_time():
    print("output of the body")
    marker = pathlib.Path(__file__).with_name("tried")
    if not marker.exists():
        marker.touch()
        assert False, "the first try fails"

def test_passes():
    pass
"""
FAILS_IN_A_FIXTURE = """
import pathlib
import pytest

@pytest.fixture
def server():
    marker = pathlib.Path(__file__).with_name("started")
    if not marker.exists():
        marker.touch()
        raise RuntimeError("the server did not start")

def test_with_a_server(server):
    pass
"""
FAILS = """
def test_fails_twice():
    assert 1 == 2
"""


def run(folder: Path, *arguments: str, **files: str) -> tuple[int, str, str]:
    """Exit code, output and list of flaky tests."""
    for name, text in files.items():
        (folder / f"test_{name}.py").write_text(text)
    done = subprocess.run(
        [ROOT / "scripts" / "pytest-with-retry", "--rootdir", folder, *arguments],
        cwd=folder,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr, (folder / "build" / "flaky-tests.txt").read_text()


def failed_tests(folder: Path) -> str:
    """The list of tests that failed twice."""
    return (folder / "build" / "failed-tests.txt").read_text()


def test_a_failed_test_is_named_before_the_run_ends(tmp_path: Path) -> None:
    _, output, _ = run(tmp_path, "-p", "xdist", "-n", "2", fails=FAILS)
    name = output.index("Failed in call: test_fails.py::test_fails_twice\n")
    assert name < output.index("= FAILURES =")


def test_a_test_that_passes_when_retried_is_listed_with_the_output_of_its_first_try(tmp_path: Path) -> None:
    code, output, flaky = run(tmp_path, "-p", "xdist", "-n", "2", flaky=FLAKY)
    assert code == 0, output
    assert flaky.endswith(
        "Flaky: failed first, passed when retried\n  test_flaky.py::test_passes_the_second_time\n"
    )
    assert "the first try fails" in flaky
    assert "output of the body" in flaky
    assert "test_passes\n" not in flaky


def test_a_test_whose_fixture_failed_first_is_listed(tmp_path: Path) -> None:
    code, output, flaky = run(tmp_path, fixture=FAILS_IN_A_FIXTURE)
    assert code == 0, output
    assert "the server did not start" in flaky
    assert flaky.endswith("  test_fixture.py::test_with_a_server\n")


def test_a_test_that_fails_twice_fails_the_run_and_is_not_listed(tmp_path: Path) -> None:
    code, output, flaky = run(tmp_path, flaky=FLAKY, fails=FAILS)
    assert code == 1, output
    assert "test_fails_twice" not in flaky
    assert "test_passes_the_second_time" in flaky
    assert failed_tests(tmp_path) == "  test_fails.py::test_fails_twice\n"


def test_a_run_in_which_everything_passes_lists_nothing(tmp_path: Path) -> None:
    code, output, flaky = run(tmp_path, passes="def test_passes(): pass")
    assert code == 0, output
    assert flaky == ""
    assert failed_tests(tmp_path) == ""
    assert "retry of" not in output


def test_a_file_that_cannot_be_collected_fails_the_run_without_a_retry(tmp_path: Path) -> None:
    code, output, _flaky = run(tmp_path, broken="import no_such_module")
    assert code == 2, output
    assert failed_tests(tmp_path) == "  pytest ended with code 2\n"
    assert "retry of" not in output
