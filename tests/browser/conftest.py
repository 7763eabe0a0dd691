"""The complete system with the built frontend, and users in Chromium, driven by Playwright."""

import os
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Playwright, async_playwright, expect

from load_tests.bench.chromium import HEADLESS_SHELL, NAMES, launch_chromium
from local_stack.frontend_build import DIST, ensure_page
from local_stack.ports import free_port
from local_stack.postgres import Postgres
from local_stack.server_process import ServerProcess
from tests.browser.busy_room import BusyRoom
from tests.browser.reused_contexts import ONE_PROCESS_PER_SITE, ReusedContexts
from tests.browser.tab import LOOK_WITHIN_S, People
from tests.support.chat_stack import ROOT, ChatStack, make_chat_stack
from tests.support.plain_http import client_of
from tests.support.stores import Kafka

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Limit the time of tests alone, because building the frontend and starting the stores have other limits."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(300, func_only=True))


@pytest.fixture(scope="session")
def built_page(logs_dir: Path) -> Path:
    ensure_page(logs_dir / "page.log")
    return DIST


@pytest.fixture(scope="package")
def hotchat(
    built_page: Path,
    postgres_server: Postgres,
    fresh_redis: Callable[[], str],
    kafka_server: Kafka,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ChatStack]:
    """One running system for all tests that kill no process. Each test creates its own room."""
    name = f"browser_{uuid.uuid4().hex}"
    postgres_server.ensure_database(name)
    settings = {
        "DATABASE_URL": postgres_server.url(name),
        "REDIS_URL": fresh_redis(),
        "KAFKA_BOOTSTRAP_SERVERS": kafka_server.bootstrap_servers,
        "SPA_DIR": str(built_page),
    }
    stack = make_chat_stack(
        chat=1, publish=1, scheduler=1, settings=settings, logs=tmp_path_factory.mktemp("browser")
    )
    try:
        for process in stack.processes:
            process.start()
        for process in stack.processes:
            process.wait_ready()
        yield stack
    finally:
        for process in reversed(stack.processes):
            process.stop()
        postgres_server.drop_database(name)


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    expect.set_options(timeout=LOOK_WITHIN_S * 1000)
    async with async_playwright() as playwright:
        yield playwright


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser(playwright: Playwright) -> AsyncIterator[Browser]:
    """A browser whose tabs have processes of their own, as users' tabs have."""
    browser = await launch_chromium(playwright, names=(HEADLESS_SHELL, *NAMES))
    yield browser
    await browser.close()


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def browser_of_reused_contexts(playwright: Playwright) -> AsyncIterator[Browser]:
    browser = await launch_chromium(playwright, ONE_PROCESS_PER_SITE, names=(HEADLESS_SHELL, *NAMES))
    yield browser
    await browser.close()


@pytest.fixture(scope="package")
def contexts(browser_of_reused_contexts: Browser, hotchat: ChatStack) -> ReusedContexts:
    return ReusedContexts(browser_of_reused_contexts, hotchat.chat_url)


@asynccontextmanager
async def visitors(
    browser: Browser, stack: ChatStack, contexts: ReusedContexts | None = None
) -> AsyncIterator[People]:
    """Users of that system's frontend. Their tabs are closed at the end."""
    async with client_of(stack.chat_url) as http:
        people = People(browser, stack.chat_url, http, contexts)
        yield people
        await people.leave()


@pytest_asyncio.fixture(loop_scope="session")
async def people(browser: Browser, contexts: ReusedContexts, hotchat: ChatStack) -> AsyncIterator[People]:
    """Users of the running system's frontend. Their tabs are closed after the test."""
    async with visitors(browser, hotchat, contexts) as people:
        yield people


@pytest.fixture(scope="package")
def busy_server(built_page: Path, logs_dir: Path) -> Iterator[ServerProcess]:
    port = free_port()
    env = {"PATH": os.environ["PATH"], "PORT": str(port), "SPA_DIR": str(built_page)}
    server = ServerProcess(
        "replay_server",
        "load_tests.bench.replay_server",
        env=env,
        log_path=logs_dir / "replay.log",
        port=port,
        cwd=ROOT,
    )
    server.start_and_wait()
    yield server
    server.stop()


@pytest_asyncio.fixture(loop_scope="session")
async def busy(browser: Browser, busy_server: ServerProcess) -> AsyncIterator[BusyRoom]:
    async with client_of(busy_server.base_url) as http:
        await http.post("/control/reset", json={})
        people = People(browser, busy_server.base_url, http)
        tab = await people.tab(viewport={"width": 1000, "height": 800})
        await tab.open("/")
        logged = len(busy_server.log_path.read_text())
        yield BusyRoom(tab, http, people)
        await people.leave()
        await http.post("/control/rate", json={"rate": 0})  # or the crowd writes until the end of the run
        assert "ContractViolation" not in busy_server.log_path.read_text()[logged:]
