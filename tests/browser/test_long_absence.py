"""A tab that lost its stream for a long time, on the real servers: their bounds apply to what it asks for."""

import pytest
from playwright.async_api import expect

from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Streams of the tab itself, which the test can cut. A cut tab asks for a path that does not exist.
CUTTABLE_STREAMS = """
    delete window.SharedWorker;
    const opened = [];
    let isCut = false;
    window.EventSource = class extends EventSource {
        constructor(url, init) {
            super(isCut ? url.replace('/stream/', '/cut/') : url, init);
            opened.push(this);
        }
    };
    window.cutStreams = cut => {
        isCut = cut;
        if (cut) for (const source of opened.splice(0)) {
            source.close();
            source.dispatchEvent(new Event('error'));
        }
    };
"""


async def test_after_520_missed_messages_the_three_mentions_are_counted(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Away")
    await ann.post(room, "seen before")
    tab, _ = await people.member("Bob")
    refused: list[str] = []
    tab.page.on("response", lambda answer: refused.append(answer.url) if answer.status == 422 else None)
    await tab.page.add_init_script(CUTTABLE_STREAMS)
    await tab.open(f"/rooms/{room}")
    await tab.sees("seen before")
    await tab.page.evaluate("() => window.cutStreams(true)")
    for number in range(520):
        await ann.post(room, f"@Bob {number}" if number in (1, 260, 518) else f"missed {number}")
    await tab.page.evaluate("() => window.cutStreams(false)")
    banner = tab.page.locator("[data-testid=away-banner]")
    await expect(banner).to_contain_text("3 mentions, 520 messages while you were away", timeout=60_000)
    await tab.sees("missed 519")
    assert refused == []
