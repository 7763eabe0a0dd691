import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK, why_unusable
from local_stack.restart_policy import MAX_SHORT_LIVES
from tests.stack.running_stack import ODD_NAME, READY_WITHIN_S, ROOT, RunningStack
from tests.support.plain_http import ANSWERS_WITHIN_S

MakeStack = Callable[..., RunningStack]
STORES = {"postgres": "postgres", "valkey": "valkey", "local_stack.kafka_broker": "kafka"}

pytestmark = pytest.mark.timeout(480)  # a busy machine


@pytest.fixture
def make_stack(tmp_path: Path) -> Iterator[MakeStack]:
    made: list[RunningStack] = []

    def make(**settings: str) -> RunningStack:
        made.append(RunningStack(tmp_path / ODD_NAME, **settings))
        return made[-1]

    yield make
    for stack in made:
        stack.stop()


class Runs:
    """Runs on one data folder, one after the other. A test may use the run that an earlier test left, and end it."""

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._last: RunningStack | None = None

    def current(self) -> RunningStack:
        """The last run, or a new one if it has ended. Ready."""
        return self.next() if self._last is None or self._last.has_ended() else self._last

    def next(self, **settings: str) -> RunningStack:
        """Stop the last run and start another one. Ready."""
        run = self.begin(**settings)
        run.wait_ready()
        return run

    def begin(self, **settings: str) -> RunningStack:
        """Stop the last run and start another one. Not ready yet."""
        self.stop()
        self._last = RunningStack(self._data_dir, **settings)
        self._last.start()
        return self._last

    def stop(self) -> None:
        if self._last is not None:
            self._last.stop()


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    runs = Runs(tmp_path_factory.mktemp("runs") / ODD_NAME)
    yield runs
    runs.stop()


@pytest.fixture
def running(runs: Runs) -> RunningStack:
    return runs.current()


def still_there(family: list[psutil.Process]) -> list[psutil.Process]:
    """Zombies do not count: the process that inherits them may ask for their exit code late."""
    return [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def is_up(stack: RunningStack) -> bool:
    try:
        return stack.get("/healthz/ready").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.mark.parametrize(
    ("setting", "value"),
    [("HOTCHAT_MODE", "sometimes"), ("RING_EVENTS", "none"), ("SCHEDULER_METRICS_PORT", "x")],
)
def test_a_wrong_setting_of_a_server_is_named_in_the_message(runs: Runs, setting: str, value: str) -> None:
    stack = runs.begin(**{setting: value})
    assert stack.wait_ended(READY_WITHIN_S) == 1  # the first run may build the page
    assert f"wrong setting: {setting}" in stack.output()
    assert "Traceback" not in stack.output()


def test_it_prints_each_step_and_its_address_and_serves_the_frontend_there(running: RunningStack) -> None:
    for step in ("Postgres", "Valkey", "Kafka", "page", "chat_server"):
        assert step in running.output()
    assert f"Hotchat is ready: http://localhost:{running.chat_port}" in running.output()
    token_file = running.data_dir / "admin-token"
    assert f"/ops, sign in with the token in {token_file}" in running.output()
    token = token_file.read_text().strip()
    signed_in = httpx.post(f"{running.chat_url}/api/v1/ops/session", json={"token": token}, timeout=10)
    assert signed_in.status_code == 200
    page = running.get("/")
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert httpx.get(f"{running.publish_url}/healthz/ready", timeout=ANSWERS_WITHIN_S).status_code == 200
    for log in ("postgres", "valkey", "kafka", "chat_server", "publish_server", "scheduler"):
        assert (running.data_dir / "logs" / f"{log}.log").exists()


def test_it_prints_a_link_that_makes_its_opener_the_owner_of_the_lobby_until_it_has_one(
    running: RunningStack, runs: Runs
) -> None:
    code = code_of_the_lobby(running)
    assert code is not None
    with httpx.Client(base_url=running.chat_url, timeout=10) as http:
        session = http.post("/api/v1/sessions", json={"nickname": "ann"}).json()
        recovered = http.post("/api/v1/rooms/lobby/owner/recover", json={"recovery_code": code})
    assert recovered.json()["owner"] == session["user"]
    assert running.stop() == 0
    again = runs.next()
    assert code_of_the_lobby(again) is None


def code_of_the_lobby(stack: RunningStack) -> str | None:
    """The recovery code in the printed link, if there is one."""
    page = f"http://localhost:{stack.chat_port}/rooms/lobby#recover="
    _, _, rest = stack.output().partition(f"Become the owner of the lobby: {page}")
    return rest.split("\n")[0] or None


def test_it_prints_what_the_operator_has_overridden(running: RunningStack, runs: Runs) -> None:
    token = (running.data_dir / "admin-token").read_text().strip()
    line = "HOTCHAT_CALM_TICKS is 7, set by the operator; the environment says 3."
    assert line not in running.output()
    changed = httpx.patch(
        f"{running.chat_url}/api/v1/ops/settings",
        headers={"Authorization": f"Bearer {token}"},
        json={"calm_ticks": 7},
        timeout=10,
    )
    assert changed.status_code == 200, changed.text
    assert line in runs.next().output()


def test_it_runs_in_a_checkout_whose_path_needs_quotes(tmp_path: Path) -> None:
    checkout, page = tmp_path / ODD_NAME, tmp_path / "page"
    for package in ("chat_contract", "server_kit", "chat_server", "publish_server", "local_stack"):
        shutil.copytree(ROOT / package, checkout / package, ignore=shutil.ignore_patterns("__pycache__"))
    page.mkdir()
    (page / "index.html").write_text("<!doctype html><title>Hotchat</title>")
    stack = RunningStack(checkout / ".hotchat", checkout=str(checkout), SPA_DIR=str(page))
    try:
        stack.start_and_wait()
        session = httpx.post(f"{stack.chat_url}/api/v1/sessions", json={"nickname": "ann"}, timeout=10)
        assert session.status_code == 201
        [chat_server] = [p for p in stack.family() if "chat_server" in p.cmdline()]
        assert chat_server.cwd() == str(checkout)
    finally:
        stack.stop()


def test_a_second_run_on_the_same_folder_is_refused_with_a_message(running: RunningStack) -> None:
    second = RunningStack(running.data_dir)
    second.start()
    try:
        assert second.wait_ended() == 1
        assert f"already running on {running.data_dir} (process {running.pid})" in second.output()
        assert is_up(running)
    finally:
        second.stop()


@pytest.mark.parametrize("setting", ["CHAT_PORT", "PUBLISH_PORT"])
def test_a_port_in_use_ends_the_run_with_a_message(make_stack: MakeStack, setting: str) -> None:
    with closing(socket.create_server((LOOPBACK, 0))) as other:
        port = other.getsockname()[1]
        stack = make_stack(**{setting: str(port)})
        stack.start()
        assert stack.wait_ended() == 1
    assert (
        f"port {port} on 127.0.0.1 is already taken; free it or set {setting} to another one"
        in stack.output()
    )
    assert "Traceback" not in stack.output()


def test_a_wrong_setting_of_the_stack_is_named_in_the_message(make_stack: MakeStack) -> None:
    stack = make_stack(CHAT_WORKERS="many")
    stack.start()
    assert stack.wait_ended() == 1
    assert "CHAT_WORKERS" in stack.output()
    assert "Traceback" not in stack.output()


@pytest.mark.parametrize("part", STORES)
def test_a_store_that_crashes_ends_the_run_with_a_message_and_leaves_no_process(
    running: RunningStack, part: str
) -> None:
    family = running.family()
    running.part(part).kill()
    assert running.wait_ended() == 1
    assert f"{STORES[part]} has been killed by SIGKILL" in running.output()
    assert "Traceback" not in running.output()
    assert not still_there(family)


def test_a_server_that_keeps_crashing_ends_the_run_with_a_message(running: RunningStack) -> None:
    kills = 0
    while not running.has_ended():
        assert kills <= MAX_SHORT_LIVES
        victim = running.part("chat_server.hotchat.scheduler")
        victim.kill()
        kills += 1
        wait_until(lambda victim=victim: not victim.is_running(), within_s=60, what="its end")  # type: ignore[misc]
        wait_until(
            lambda: running.has_ended() or has_scheduler(running), within_s=60, what="the supervisor's answer"
        )
    assert (
        kills >= MAX_SHORT_LIVES
    )  # on a busy machine the first life, the start of the run, is not a short one
    assert running.wait_ended() == 1
    assert (
        f"scheduler keeps crashing ({MAX_SHORT_LIVES} times, last been killed by SIGKILL)" in running.output()
    )


def has_scheduler(stack: RunningStack) -> bool:
    try:
        return stack.part("chat_server.hotchat.scheduler").is_running()
    except (LookupError, psutil.NoSuchProcess):
        return False


@pytest.mark.parametrize("part", ["chat_server", "publish_server", "chat_server.hotchat.scheduler"])
def test_a_server_that_is_killed_is_started_again(running: RunningStack, part: str) -> None:
    killed = running.part(part)
    killed.kill()

    def is_back() -> bool:
        try:
            return running.part(part).pid != killed.pid and is_up(running)
        except (LookupError, psutil.NoSuchProcess):
            return False

    wait_until(is_back, within_s=60, what=f"the return of {part}")
    assert not running.has_ended()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_signal_leaves_no_process_no_lock_and_no_port(
    running: RunningStack, number: signal.Signals
) -> None:
    family = running.family()
    running.send(number)
    assert running.wait_ended() == 0
    assert not still_there(family)
    assert why_unusable(LOOPBACK, running.chat_port) is None
    assert why_unusable(LOOPBACK, running.publish_port) is None
    assert not (running.data_dir / "postgres" / "postmaster.pid").exists()


def test_a_stop_signal_while_it_starts_leaves_no_process(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    wait_until(lambda: "Postgres:" in stack.output(), within_s=60, what="the first step")
    family = stack.family()
    stack.send(signal.SIGTERM)
    assert stack.wait_ended() == 0
    assert not still_there(family)


def test_messages_survive_a_stop_and_a_start(running: RunningStack, runs: Runs) -> None:
    made = make_room_with_message(running, "kept-over-a-stop")
    assert running.stop() == 0
    again = runs.next()
    assert again.get(f"/api/v1/rooms/{made}/messages").json()["messages"][0]["text"] == "still here"


def test_killing_the_supervisor_ends_every_process_and_the_next_start_keeps_the_data(
    running: RunningStack, runs: Runs
) -> None:
    made = make_room_with_message(running, "kept-over-a-kill")
    family = running.family()
    running.send(signal.SIGKILL)
    running.wait_ended()
    wait_until(
        lambda: (
            why_unusable(LOOPBACK, running.chat_port) is None
            and why_unusable(LOOPBACK, running.publish_port) is None
        ),
        within_s=60,
        what="the servers' end",
    )
    again = runs.next(CHAT_PORT=str(running.chat_port), PUBLISH_PORT=str(running.publish_port))
    assert again.get(f"/api/v1/rooms/{made}/messages").json()["messages"][0]["text"] == "still here"
    assert not still_there(family)


def test_after_every_process_is_killed_a_new_run_keeps_the_data(running: RunningStack, runs: Runs) -> None:
    made = make_room_with_message(running, "kept-over-a-power-cut")
    running.kill()
    running.wait_ended()
    again = runs.next()
    assert again.get(f"/api/v1/rooms/{made}/messages").json()["messages"][0]["text"] == "still here"


def test_several_processes_share_one_port(runs: Runs) -> None:
    stack = runs.next(CHAT_WORKERS="2", PUBLISH_WORKERS="2")
    modules = [process.cmdline()[-1] for process in psutil.Process(stack.pid).children()]
    assert modules.count("chat_server") == 2
    assert modules.count("publish_server") == 2


def make_room_with_message(stack: RunningStack, room_id: str) -> str:
    """Create a room with this id and the message "still here"."""
    with httpx.Client(base_url=f"{stack.chat_url}/api/v1", timeout=10) as client:
        token = client.post("/sessions", json={"nickname": "Minji"}).raise_for_status().json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        client.post("/rooms", json={"name": room_id, "id": room_id}).raise_for_status()
        draft = {"client_message_id": "0190a0e5-5f3a-7c3c-9c1e-6f9d3f1c2b4a", "text": "still here"}
        client.post(f"/rooms/{room_id}/messages", json=draft).raise_for_status()
    return room_id
