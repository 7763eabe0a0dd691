"""A tab that lost its stream for a long time, on the real servers: their bounds apply to what it asks for."""

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")

# The tab opens its own streams, so they end with its network.
CLOSABLE_STREAMS = """
    delete window.SharedWorker;
    const opened = [];
    window.EventSource = class extends EventSource {
        constructor(url, init) {
            super(url, init);
            opened.push(this);
        }
    };
    window.closeStreams = () => {
        for (const source of opened.splice(0)) {
            source.close();
            source.dispatchEvent(new Event('error'));
        }
    };
"""
AT_ONCE = 20


async def test_after_520_missed_messages_the_three_mentions_are_counted(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room("Away")
    await ann.post(room, "seen before")
    tab, _ = await people.member("Bob")
    refused: list[str] = []
    tab.page.on("response", lambda answer: refused.append(answer.url) if answer.status == 422 else None)
    await tab.page.add_init_script(CLOSABLE_STREAMS)
    await tab.open(f"/rooms/{room}")
    await tab.sees("seen before")
    await tab.page.context.set_offline(True)  # it can neither stream nor poll
    await tab.page.evaluate("() => window.closeStreams()")
    texts = [f"@Bob {number}" if number in (1, 260, 518) else f"missed {number}" for number in range(519)]
    for first in range(0, len(texts), AT_ONCE):
        await asyncio.gather(*(ann.post(room, text) for text in texts[first : first + AT_ONCE]))
    await ann.post(room, "missed 519")
    await tab.page.context.set_offline(False)
    banner = tab.page.locator("[data-testid=away-banner]")
    await expect(banner).to_contain_text("3 mentions, 520 messages while you were away", timeout=60_000)
    await tab.sees("missed 519")
    assert refused == []
