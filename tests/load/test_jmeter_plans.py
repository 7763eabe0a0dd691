"""The plans in a real JMeter, against our servers and against a server that misbehaves."""

import os
import re
import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest
from aiohttp import web

from load_tests.jmeter.installation import HOME, install
from load_tests.jmeter.plan import PLANS, Crowd, run_plan
from load_tests.jmeter.samples import jtl_rows, read_samples
from load_tests.jmeter.single_plans import SINGLE_PLANS, run_single_plan
from load_tests.jmeter.storm import Sizes, storm
from load_tests.jmeter.temporary_stack import Target
from local_stack.maven_jars import C1_ONLY
from local_stack.ports import LOOPBACK
from tests.load.conftest import Serve
from tests.support.chat_stack import StartChatStack
from tests.support.fetching_crowd import fetches_counted

needs_java = pytest.mark.skipif(
    not os.environ.get("CI") and (shutil.which("java") is None or shutil.which("mvn") is None),
    reason="JMeter needs Java and Maven: apt-get install -y openjdk-17-jre-headless maven",
)
pytestmark = [needs_java, pytest.mark.timeout(900)]


@pytest.fixture(autouse=True)
def _jmeter(monkeypatch: pytest.MonkeyPatch) -> None:
    install()
    monkeypatch.setenv("JAVA_TOOL_OPTIONS", C1_ONLY)


async def test_a_small_storm_heats_its_room_and_harms_nobody(
    start_chat_stack: StartChatStack, redis_url: str, tmp_path: Path
) -> None:
    sizes = Sizes(threads=20, loops=2, hold_s=5, mix_threads=10, mix_hold_s=1, enter_per_s=20)
    stack = start_chat_stack(
        HOTCHAT_ENTER_PER_S=str(sizes.enter_per_s), HOT_FETCH_PER_CLIENT_PER_S="0.1", HOT_FETCH_BURST="1"
    )
    target = Target(LOOPBACK, stack.chat_servers[0].port)
    verdict = await storm(target, sizes, tmp_path, report=False)
    assert verdict.faults == []
    assert await fetches_counted(redis_url, at_least=verdict.fetches) == verdict.fetches


def classes_of_the_distribution() -> dict[str, str]:
    """The class of each name that plans use, for classes in JMeter's own jars. JMeter opens a plan by these names."""
    found = set()
    for jar in (HOME / "lib" / "ext").glob("*.jar"):
        with ZipFile(jar) as classes:
            found |= {name.removesuffix(".class").replace("/", ".") for name in classes.namelist()}
    aliases: dict[str, str] = {}
    for line in (HOME / "bin" / "saveservice.properties").read_text().splitlines():
        names, _, name = line.partition("=")
        if name in found:
            aliases |= dict.fromkeys(names.split(","), name)
    return aliases | {name: name for name in found}


@pytest.mark.parametrize("plan", sorted(PLANS.rglob("*.jmx")), ids=lambda plan: plan.name)
def test_jmeter_knows_every_element_of_a_plan_and_its_panel(plan: Path) -> None:
    """The GUI refuses to open a plan with an element or a panel that it does not know."""
    known = classes_of_the_distribution()
    elements = re.findall(r'<(\w+) guiclass="([^"]+)" testclass="([^"]+)"', plan.read_text())
    assert {tag for tag, _, _ in elements} >= {"TestPlan"}
    assert len(elements) == plan.read_text().count("guiclass=")
    unknown = {name for element in elements for name in element} - known.keys()
    assert unknown == set()
    assert all(known[tag] == known[testclass] for tag, _, testclass in elements)


SMALL = Sizes(
    threads=12,
    loops=2,
    hold_s=4,
    mix_threads=2,
    enter_per_s=20,
    join_posts=2,
    stream_s=1,
    cold_threads=2,
    minutes=0.05,
    max_p99_ms=60_000,
)


async def test_the_other_plans_send_what_the_servers_count_and_answer(
    start_chat_stack: StartChatStack, tmp_path: Path
) -> None:
    stack = start_chat_stack(
        HOTCHAT_ENTER_PER_S=str(SMALL.enter_per_s), HOT_FETCH_PER_CLIENT_PER_S="0.1", HOT_FETCH_BURST="1"
    )
    target = Target(LOOPBACK, stack.chat_servers[0].port)
    for plan in SINGLE_PLANS:
        verdict = await run_single_plan(plan, target, SMALL, tmp_path, report=False)
        assert (plan, verdict.faults) == (plan, []), verdict.sentences
    with jtl_rows(tmp_path / "join-storm" / "results.jtl") as rows:
        assert read_samples(rows).labels == {
            "session 201": SMALL.threads,
            "page 200": SMALL.threads,
            "stream 200": SMALL.threads,
            "post 201": SMALL.threads * SMALL.join_posts,
        }


KINDS_OF_ERROR = ("429 Too Many Requests", "500 Internal Server Error", "503 Service Unavailable")
ANSWERS = [
    (200, {"ETag": 'W/"1"', "Cache-Control": "private, no-cache"}),
    (304, {}),
    (429, {"Retry-After": "2"}),
    (429, {}),
    (500, {}),
    (503, {"Retry-After": "2"}),
]


async def test_a_refusal_without_retry_after_is_an_error(serve: Serve, tmp_path: Path) -> None:
    asked_with: list[str | None] = []

    async def answer(request: web.Request) -> web.Response:
        status, headers = ANSWERS[len(asked_with)]
        asked_with.append(request.headers.get("If-None-Match"))
        return web.Response(status=status, headers=headers)

    one_by_one = Crowd(LOOPBACK, await serve(answer), threads=1, ramp_s=0, loops=len(ANSWERS))
    samples = await run_plan("flash-crowd", one_by_one, tmp_path, give_up_s=60)
    assert samples.labels == {"fetch 200": 1, "fetch 304": 1, "fetch refused": 1, "fetch error": 3}
    assert set(samples.examples) == {f"fetch error: {kind}" for kind in KINDS_OF_ERROR}
    assert samples.errors == 3
    assert asked_with[:2] == [None, 'W/"1"']
    assert (tmp_path / "flash-crowd" / "report" / "index.html").exists()
