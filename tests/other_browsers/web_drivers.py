"""Starts Firefox and WebKitGTK's MiniBrowser through their WebDriver servers."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Final

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.options import BaseOptions
from selenium.webdriver.firefox.options import Options as FirefoxOptions
from selenium.webdriver.remote.client_config import ClientConfig
from selenium.webdriver.remote.remote_connection import RemoteConnection
from selenium.webdriver.remote.webdriver import WebDriver
from selenium.webdriver.webkitgtk.options import Options as WebKitGTKOptions
from urllib3.exceptions import HTTPError

from local_stack.child_process import ChildProcess
from local_stack.polling import DeadlinePassed, wait_until
from local_stack.ports import LOOPBACK, accepts, free_port
from tests.support.chat_stack import ROOT

READY_WITHIN_S = 30.0
COMMAND_WITHIN_S = 60
LOG_LINES = 60
SCREEN = "1280x1024x24"

BUILT_GECKODRIVER: Final = ROOT / "build" / "geckodriver" / "bin" / "geckodriver"
MINI_BROWSERS: Final = ("webkit2gtk-4.1", "webkit2gtk-4.0", "webkitgtk-6.0")
"""Folders of MiniBrowser below /usr/lib/<architecture> or /usr/libexec."""

WITHOUT_GPU: Final = {
    "GDK_BACKEND": "x11",
    "GSETTINGS_BACKEND": "memory",
    "LANG": "C.UTF-8",
    "LIBGL_ALWAYS_SOFTWARE": "1",
    "NO_AT_BRIDGE": "1",
    "WEBKIT_DISABLE_COMPOSITING_MODE": "1",
    "WEBKIT_DISABLE_DMABUF_RENDERER": "1",
}
"""For WebKitGTK on a virtual display."""


class BrowserDidNotStart(Exception):
    """The text names the browser, the reason and the end of its output."""


@contextmanager
def firefox(logs_dir: Path) -> Iterator[WebDriver]:
    """Headless Firefox with a new profile. Raises BrowserDidNotStart."""
    options = FirefoxOptions()
    options.binary_location = _program("Firefox", "firefox-esr", "firefox")
    options.add_argument("-headless")
    options.set_preference("intl.accept_languages", "en-US")
    port = free_port()
    command = [_program("Firefox", BUILT_GECKODRIVER, "geckodriver"), "--host", LOOPBACK, "--port", str(port)]
    with _session("Firefox", command, port, options, logs_dir) as driver:
        yield driver


@contextmanager
def webkitgtk(logs_dir: Path) -> Iterator[WebDriver]:
    """WebKitGTK's MiniBrowser with a new profile, on a virtual display. Raises BrowserDidNotStart."""
    options = WebKitGTKOptions()
    options.binary_location = _program("WebKitGTK", *_mini_browsers(), "MiniBrowser")
    options.add_argument("--automation")
    port = free_port()
    command = [_program("WebKitGTK", "WebKitWebDriver"), f"--port={port}"]
    with (
        _virtual_display("WebKitGTK", logs_dir) as display,
        _session("WebKitGTK", command, port, options, logs_dir, WITHOUT_GPU | {"DISPLAY": display}) as driver,
    ):
        yield driver


BROWSERS: Final[dict[str, Callable[[Path], AbstractContextManager[WebDriver]]]] = {
    "Firefox": firefox,
    "WebKitGTK": webkitgtk,
}


@contextmanager
def _session(
    browser: str,
    command: Sequence[str],
    port: int,
    options: BaseOptions,
    logs_dir: Path,
    env: Mapping[str, str] | None = None,
) -> Iterator[WebDriver]:
    """A browser session of the WebDriver server that `command` starts. Its programs end with the block."""
    server = ChildProcess(
        browser, command, log_path=logs_dir / f"{browser}.log", env={**os.environ, **(env or {})}
    )
    config = ClientConfig(f"http://{LOOPBACK}:{port}", timeout=COMMAND_WITHIN_S)
    connection = RemoteConnection(client_config=config, ignore_proxy=True)
    with ExitStack() as stack:
        stack.callback(server.stop)
        stack.callback(connection.close)
        server.start()
        try:
            wait_until(
                lambda: not server.is_running() or accepts(LOOPBACK, port),
                within_s=READY_WITHIN_S,
                what=f"the start of {Path(command[0]).name}",
            )
            driver = WebDriver(connection, options=options)
        except (DeadlinePassed, WebDriverException, HTTPError, OSError) as error:
            raise _not_started(browser, str(error), server) from error
        stack.callback(driver.quit)
        yield driver


@contextmanager
def _virtual_display(browser: str, logs_dir: Path) -> Iterator[str]:
    """An X server without a screen. Yields its DISPLAY."""
    number_on_stdout = ["-displayfd", "1"]
    command = [_program(browser, "Xvfb"), *number_on_stdout, "-screen", "0", SCREEN, "-nolisten", "tcp"]
    server = ChildProcess("Xvfb", command, log_path=logs_dir / "Xvfb.log")

    def number() -> str | None:
        return next(filter(str.isdigit, server.log_tail().splitlines()), None)

    with ExitStack() as stack:
        stack.callback(server.stop)
        server.start()
        try:
            wait_until(lambda: number() is not None, within_s=READY_WITHIN_S, what="the start of Xvfb")
        except DeadlinePassed as error:
            raise _not_started(browser, str(error), server) from error
        yield f":{number()}"


def _not_started(browser: str, reason: str, server: ChildProcess) -> BrowserDidNotStart:
    output = server.log_tail(LOG_LINES)
    return BrowserDidNotStart(f"{browser} did not start: {reason}\nOutput of {server.command[0]}:\n{output}")


def _program(browser: str, *names: str | Path) -> str:
    """The path of the first of these programs that is installed. Raises BrowserDidNotStart."""
    found = next(filter(None, map(shutil.which, map(str, names))), None)
    if found is None:
        raise BrowserDidNotStart(f"{browser} did not start: {names[-1]} is missing; see docs/development.md.")
    return found


def _mini_browsers() -> list[Path]:
    """Where Linux distributions install MiniBrowser, which is not on the PATH."""
    folders = [Path("/usr/libexec"), *sorted(Path("/usr/lib").glob("*-linux-gnu*"))]
    return [folder / name / "MiniBrowser" for name in MINI_BROWSERS for folder in folders]
