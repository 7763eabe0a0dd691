"""Starts the machine's chromium for tests, figures and screenshots, without its own network traffic."""

import os
import shutil
from collections.abc import Sequence
from typing import Final

from playwright.async_api import Browser, Playwright

WINDOW_FEATURES: Final = ("WebUIOmniboxAimPopup", "WebUIOmniboxPopup")
"""Suggestions below the address bar are web pages. Each window runs a process for them, which costs as much CPU as our
page, and nobody sees a headless window."""

PLAYWRIGHTS_DISABLED_FEATURES: Final = (
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "MediaRouter",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
)
"""Playwright's own switch of this name does not count, because only the last one does."""

ARGS = [
    f"--disable-features={','.join(WINDOW_FEATURES + PLAYWRIGHTS_DISABLED_FEATURES)}",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
HEADLESS_SHELL: Final = "chromium-headless-shell"
"""Chromium without its user interface: a page takes about a quarter less CPU time."""


class NoChromium(Exception):
    """This machine has no chromium."""


async def launch_chromium(playwright: Playwright, *args: str, names: Sequence[str] = NAMES) -> Browser:
    """Start the first of `names` that is installed, with `args` in addition to ARGS. Raises NoChromium."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        raise NoChromium("no chromium: apt-get install chromium, or name one by CHROMIUM=")
    return await playwright.chromium.launch(executable_path=path, args=[*ARGS, *args])
