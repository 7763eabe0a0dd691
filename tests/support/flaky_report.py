"""Pytest plugin that names a failed test at once, and lists flaky tests: those that pass when they are retried.

The first run takes `--save-failures FILE`, the retry `--flaky-since FILE --flaky-list LIST --failed-list LIST`.
scripts/pytest-with-retry runs both.
"""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("flaky", "flaky tests")
    group.addoption("--save-failures", type=Path, metavar="FILE", help="save the output of each failed test")
    group.addoption("--flaky-since", type=Path, metavar="FILE", help="this run retries the failures of FILE")
    group.addoption("--flaky-list", type=Path, metavar="LIST", help="write the tests that pass now to LIST")
    group.addoption(
        "--failed-list", type=Path, metavar="LIST", help="write the tests that fail again to LIST"
    )


def pytest_configure(config: pytest.Config) -> None:
    """With xdist, only the controlling process prints."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(FailedNames(config))


class FailedNames:
    """Prints the name of a failed test while the run goes on. pytest itself prints it at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        reporter: TerminalReporter | None = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter and report.failed:
            reporter.ensure_newline()
            reporter.write_line(f"Failed in {report.when}: {report.nodeid}")


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Runs in the process that prints; with xdist it has the reports of all workers."""
    if save_to := config.option.save_failures:
        save_to.parent.mkdir(parents=True, exist_ok=True)
        save_to.write_text(json.dumps(failures(terminalreporter.stats)))
    if config.option.flaky_since:
        first = json.loads(config.option.flaky_since.read_text())
        passed = {report.nodeid for report in terminalreporter.stats.get("passed", ())}
        failed = failures(terminalreporter.stats)
        flaky = {nodeid: output for nodeid, output in first.items() if nodeid in passed - failed.keys()}
        config.option.flaky_list.write_text(flaky_list(flaky))
        config.option.failed_list.write_text("".join(f"  {nodeid}\n" for nodeid in failed))


def failures(stats: Mapping[str, list[object]]) -> dict[str, str]:
    """Node id → the traceback and the captured output of a failed test, setup or teardown."""
    outputs: dict[str, str] = {}
    for report in (*stats.get("failed", ()), *stats.get("error", ())):
        if isinstance(report, pytest.TestReport):
            captured = [f"--- {title} ---\n{text}" for title, text in report.sections]
            output = "\n".join([report.longreprtext, *captured])
            outputs[report.nodeid] = "\n".join(filter(None, [outputs.get(report.nodeid), output]))
    return outputs


def flaky_list(flaky: Mapping[str, str]) -> str:
    """The text of the list: the output of each first try, then all names together. Empty without flaky tests."""
    if not flaky:
        return ""
    outputs = [f"== first try of {nodeid}\n{output.rstrip()}\n" for nodeid, output in flaky.items()]
    return "\n".join(
        [*outputs, "\nFlaky: failed first, passed when retried", *(f"  {name}" for name in flaky), ""]
    )
