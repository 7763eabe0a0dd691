"""Browsers other than Chromium, each with the complete system. `make browsers` runs these tests."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from selenium.webdriver.remote.webdriver import WebDriver

from local_stack.frontend_build import DIST, ensure_page
from tests.other_browsers.driven_tab import DrivenTab
from tests.other_browsers.web_drivers import BROWSERS
from tests.support.chat_stack import ChatStack, StartChatStack
from tests.support.people import People, Person

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Limit the time of tests alone, because the start of browsers and stores has limits of its own."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(300, func_only=True))


@pytest.fixture(params=BROWSERS)
def driver(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WebDriver]:
    """Each browser in turn. One that does not start fails its tests with its output."""
    with BROWSERS[request.param](tmp_path) as driver:
        yield driver


@pytest.fixture
def stack(logs_dir: Path, start_chat_stack: StartChatStack) -> ChatStack:
    ensure_page(logs_dir / "page.log")
    return start_chat_stack(SPA_DIR=str(DIST))


@pytest.fixture
def tab(driver: WebDriver, stack: ChatStack) -> DrivenTab:
    return DrivenTab(driver, stack.chat_url)


@pytest.fixture
async def ann(stack: ChatStack) -> AsyncIterator[Person]:
    """A user of the API."""
    people = People(stack.chat_url)
    yield await people.enter("Ann")
    await people.leave()
