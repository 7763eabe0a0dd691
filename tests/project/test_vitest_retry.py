"""scripts/vitest-with-retry runs the frontend's unit tests once more if they failed, and names what failed."""

import shutil
import subprocess
from pathlib import Path

from tests.support.chat_stack import ROOT

FAILED = """\
 ✓ tests/clock.test.ts (3 tests) 5ms
⎯⎯⎯⎯⎯⎯⎯ Failed Tests 1 ⎯⎯⎯⎯⎯⎯⎯

 FAIL  tests/outbox.test.ts > every post arrives once
Error: Test timed out in 5000ms.

⎯⎯⎯⎯⎯⎯ Unhandled Errors ⎯⎯⎯⎯⎯⎯

Vitest caught 1 unhandled error during the test run.

⎯⎯⎯⎯⎯⎯ Unhandled Error ⎯⎯⎯⎯⎯⎯⎯
Error: [vitest-pool]: Timeout starting forks runner.
"""
NAMES = """\
  Error: [vitest-pool]: Timeout starting forks runner.
  tests/outbox.test.ts > every post arrives once
"""


def run(folder: Path, *, failures: int) -> subprocess.CompletedProcess[str]:
    """Run the script with a stand-in for vitest that fails this often."""
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts" / "vitest-with-retry", folder / "scripts")
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    (folder / "failed").write_text(FAILED)
    python.write_text(
        f"#!/bin/sh\necho run >>runs\n[ $(wc -l <runs) -gt {failures} ] || {{ cat failed; exit 1; }}\necho passed\n"
    )
    python.chmod(0o755)
    return subprocess.run(
        [folder / "scripts" / "vitest-with-retry"], cwd=folder, capture_output=True, text=True, check=False
    )


def lists(folder: Path) -> tuple[str, str]:
    """What was flaky, and the names of what failed twice."""
    build = folder / "build"
    return (build / "flaky-vitest.txt").read_text(), (build / "failed-vitest.txt").read_text()


def test_a_run_that_passes_is_not_repeated(tmp_path: Path) -> None:
    done = run(tmp_path, failures=0)
    assert (done.returncode, done.stdout) == (0, "passed\n")
    assert lists(tmp_path) == ("", "")


def test_what_fails_only_in_the_first_run_is_listed_as_flaky(tmp_path: Path) -> None:
    done = run(tmp_path, failures=1)
    assert done.returncode == 0
    flaky, failed = lists(tmp_path)
    assert "Test timed out" in flaky and "clock.test.ts" not in flaky
    assert flaky.endswith(f"Flaky: failed first, passed when retried\n{NAMES}")
    assert failed == ""


def test_a_run_that_fails_twice_names_what_failed(tmp_path: Path) -> None:
    done = run(tmp_path, failures=2)
    assert done.returncode == 1
    assert lists(tmp_path) == ("", NAMES)
