import signal
import subprocess
import sys
from pathlib import Path

from local_stack.polling import wait_until
from tests.stack.test_child_process import is_gone
from tests.support.chat_stack import ROOT
from tests.support.forked_server import ForkedServer

WRONG = {"HOTCHAT_SECRET": "a secret for tests only", "HOTCHAT_MODE": "sometimes"}

STARTS_A_SERVER = """
import pathlib, sys, time
from local_stack.polling import wait_until
from tests.support.forked_server import ForkedServer
folder = pathlib.Path(sys.argv[1])
environment = {"REDIS_URL": "redis://127.0.0.1:9/0", "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:9"}
server = ForkedServer(
    "scheduler", "chat_server.hotchat.scheduler", env=environment, log_path=folder / "log", cwd=pathlib.Path.cwd()
)
server.start()
wait_until(server.log_tail, within_s=60, what="the first line of its log")
(folder / "partial").write_text(str(server.pid))
(folder / "partial").rename(folder / "pid")
time.sleep(600)
"""


def test_a_forked_server_has_only_its_own_environment_and_the_exit_code_of_the_program(
    tmp_path: Path,
) -> None:
    server = ForkedServer("chat", "chat_server", env=WRONG, log_path=tmp_path / "log", cwd=ROOT)
    server.start()
    assert server.wait_stopped(within_s=60) == 2
    assert server.log_tail().startswith("Cannot start: wrong setting: HOTCHAT_MODE: ")


def test_a_paused_forked_server_can_be_killed(tmp_path: Path) -> None:
    server = ForkedServer("chat", "chat_server", env=WRONG, log_path=tmp_path / "log", cwd=ROOT)
    server.start()
    server.pause()
    server.kill()
    assert server.exit_code() in (-signal.SIGKILL, 2)  # it may have ended before the pause


def test_a_forked_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    tests = subprocess.Popen([sys.executable, "-c", STARTS_A_SERVER, str(tmp_path)], cwd=ROOT)
    try:
        wait_until((tmp_path / "pid").exists, within_s=60, what="the start of the server")
        pid = int((tmp_path / "pid").read_text())
        tests.kill()
        tests.wait()
        wait_until(lambda: is_gone(pid), within_s=60, what="the end of the server")
    finally:
        tests.kill()
        tests.wait()
