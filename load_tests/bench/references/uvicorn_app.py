"""Runs a reference ASGI app in its own uvicorn, configured as ours and pinned like the server under test."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from load_tests.bench.cores import SERVER_CORE, on_core
from load_tests.bench.fixtures import ROOT
from local_stack.child_process import ChildProcess
from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK, accepts, free_port


@contextmanager
def uvicorn_app(app: str, log_path: Path, env: Mapping[str, str] | None = None) -> Iterator[tuple[int, int]]:
    """`app` is `module:name` in this folder. Yields its port and process id."""
    port = free_port()
    options = ["--loop", "uvloop", "--http", "httptools", "--log-level", "warning", "--no-access-log"]
    command = [sys.executable, "-m", "uvicorn", f"load_tests.bench.references.{app}", *options]
    server = ChildProcess(
        app,
        [*command, "--host", LOOPBACK, "--port", str(port), "--backlog", "8192"],
        log_path=log_path,
        env={**os.environ, **(env or {})},
        cwd=ROOT,
    )
    try:
        with on_core(SERVER_CORE):
            server.start()
        wait_until(
            lambda: not server.is_running() or accepts(LOOPBACK, port),
            within_s=30,
            what=f"the start of {app}",
        )
        if not server.is_running():
            raise RuntimeError(f"{app} ended at its start:\n{server.log_tail()}")
        yield port, server.pid
    finally:
        server.stop()
