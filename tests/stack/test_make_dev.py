"""`make dev`: the page from Vite, the API through its proxy, streams, and servers that restart on a change."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from local_stack.dev import servers_of
from local_stack.polling import wait_until
from local_stack.ports import LOOPBACK, free_port
from tests.stack.running_stack import ROOT, RunningStack

pytestmark = pytest.mark.timeout(480)  # a busy machine

NAMES = ["chat_server", "publish_server-1", "publish_server-2", "scheduler"]


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[RunningStack]:
    stack = RunningStack(tmp_path / "data", module="local_stack.dev", DEV_PORT=str(free_port()))
    stack.start_and_wait()
    yield stack
    stack.stop()


def test_it_serves_the_page_the_api_and_streams_reloads_and_stops_everything(dev: RunningStack) -> None:
    url = f"http://{LOOPBACK}:{dev.settings['DEV_PORT']}"
    assert f"http://localhost:{dev.settings['DEV_PORT']}/rooms/lobby#recover=" in dev.output()
    with httpx.Client(base_url=url, headers={"Origin": url}, timeout=60) as browser:
        assert "/@vite/client" in browser.get("/rooms/lobby", headers={"Accept": "text/html"}).text
        session = browser.post("/api/v1/sessions", json={"nickname": "ann"})
        assert session.status_code == 201
        cookie = {"Cookie": f"hotchat_session={session.json()['token']}"}
        room = browser.post("/api/v1/rooms", json={"name": "A room"}, headers=cookie)
        assert room.status_code == 201
        stream_url = browser.get("/api/v1/config").json()["stream_url"]
        stream = f"{stream_url}/stream/v1/rooms/{room.json()['id']}"
        with browser.stream("GET", stream, headers=cookie) as opened:
            assert opened.status_code == 200
            assert opened.headers["Access-Control-Allow-Origin"] == url

    os.utime(ROOT / "publish_server" / "main.py")
    wait_until(lambda: "publish_server restarted" in dev.output(), within_s=120, what="the restart")
    assert "chat_server restarted" not in dev.output()
    assert httpx.get(f"{dev.publish_url}/healthz/ready", timeout=10).status_code == 200

    family = dev.family()
    dev.send(signal.SIGINT)
    assert dev.wait_ended() == 0
    assert dev.output().endswith("Hotchat has stopped.\n")
    left = [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]
    assert left == []


@pytest.mark.parametrize(
    ("changed", "servers"),
    [
        (["publish_server/main.py"], ["publish_server-1", "publish_server-2"]),
        (["chat_server/hotchat/heat_policy.py"], ["chat_server", "scheduler"]),
        (["chat_server/main.py", "publish_server/main.py"], NAMES),
        (["chat_contract/events.py"], NAMES),
        ([], []),
    ],
)
def test_a_change_restarts_the_servers_that_run_the_code(changed: list[str], servers: list[str]) -> None:
    assert servers_of([ROOT / path for path in changed], NAMES) == servers
