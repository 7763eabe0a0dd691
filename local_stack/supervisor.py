"""Restarts servers that end, and ends the run if a store ends."""

import signal
import time
from collections.abc import Callable, Sequence
from typing import NoReturn

from local_stack.child_process import ChildProcess
from local_stack.errors import StackFailure
from local_stack.restart_policy import MAX_SHORT_LIVES, RestartPolicy
from local_stack.server_process import ServerProcess

LOOK_EVERY_S = 0.1
STOP_WITHIN_S = 8.0


class Supervisor:
    """Watches running processes. A server that ends is restarted at once; a store that ends also ends the run."""

    def __init__(
        self, stores: Sequence[ChildProcess], servers: Sequence[ServerProcess], *, say: Callable[[str], None]
    ) -> None:
        self._stores = stores
        self._servers = servers
        self._say = say
        self._restart_policies = {server.name: RestartPolicy() for server in servers}

    def start_servers(self) -> None:
        """Start all servers and return when all are ready. Raises DeadlinePassed, or StackFailure if one ends."""
        for server in self._servers:
            self._restart_policies[server.name].begin(time.monotonic())
            server.start()
        for server in self._servers:
            try:
                server.wait_ready()
            except RuntimeError:
                why = f"{server.log_tail(1)} (its log is {server.log_path})"
                raise StackFailure(f"{server.name} has {how_it_ended(server)} at its start: {why}") from None

    def watch(self) -> NoReturn:
        """Run until a store ends or a server keeps ending; then raises StackFailure."""
        while True:
            self.look(time.monotonic())
            time.sleep(LOOK_EVERY_S)

    def look(self, now_s: float) -> None:
        for store in self._stores:
            if not store.is_running():
                raise StackFailure(f"{store.name} has {how_it_ended(store)}; its log is {store.log_path}")
        for server in self._servers:
            if server.is_running():
                continue
            policy = self._restart_policies[server.name]
            if not policy.may_restart(now_s):
                raise StackFailure(
                    f"{server.name} keeps crashing ({MAX_SHORT_LIVES} times, last {how_it_ended(server)}); "
                    f"its log is {server.log_path}"
                )
            self._say(f"{server.name} has {how_it_ended(server)}: restarted")
            policy.begin(now_s)
            server.start()

    def stop_servers(self) -> None:
        stop_together(self._servers, within_s=STOP_WITHIN_S)


def stop_together(parts: Sequence[ChildProcess], *, within_s: float) -> None:
    """Ask all processes to stop, wait for each, and kill those that still run after `within_s`."""
    for part in parts:
        part.ask_to_stop()
    deadline = time.monotonic() + within_s
    for part in parts:
        part.wait_stopped(max(0.0, deadline - time.monotonic()))


def how_it_ended(part: ChildProcess) -> str:
    """`ended with code 3` or `been killed by SIGKILL`, to follow the word `has`."""
    code = part.exit_code()
    if code is not None and code < 0:
        return f"been killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"
