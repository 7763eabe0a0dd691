"""Which components a new message renders, counted with the hook that React calls for its developer tools."""

import pytest
from playwright.async_api import expect

from tests.browser.tab import People, Tab

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Counts how often the component that holds a message's action buttons has rendered. A fiber that React replaced and
# that performed work has rendered. Source: React DevTools, `didFiberRender` in backend/fiber/renderer.js.
COUNT_RENDERS = """() => {
    const PERFORMED_WORK = 1;
    const last = new Map();
    window.renderCounts = {};
    window.renderedCommits = 0;
    const visit = (fiber, component) => {
        for (; fiber !== null; fiber = fiber.sibling) {
            if (fiber.stateNode?.matches?.('[data-testid=actions]')) count(fiber.stateNode, component);
            visit(fiber.child, typeof fiber.type === 'string' ? component : fiber);
        }
    };
    const count = (buttons, component) => {
        const { messageId } = buttons.closest('article').dataset;
        const hasRendered = last.get(messageId) !== component && (component.flags & PERFORMED_WORK) !== 0;
        if (hasRendered) window.renderCounts[messageId] = (window.renderCounts[messageId] ?? 0) + 1;
        last.set(messageId, component);
    };
    window.__REACT_DEVTOOLS_GLOBAL_HOOK__ = {
        supportsFiber: true,
        inject: () => 1,
        onCommitFiberRoot: (_id, root) => {
            window.renderedCommits += 1;
            visit(root.current.child, root.current);
        },
        onCommitFiberUnmount: () => {},
        onPostCommitFiberRoot: () => {},
    };
}"""


async def renders(tab: Tab, message: dict[str, str]) -> int:
    count: int = await tab.page.evaluate("id => window.renderCounts[id] ?? 0", message["id"])
    return count


async def test_a_new_message_does_not_render_the_messages_on_screen_again(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    first = await ann.post(room, "the first")
    tab, _ = await people.member("Bob")
    await tab.page.add_init_script(f"({COUNT_RENDERS})()")
    await tab.open(f"/rooms/{room}")
    await tab.sees("the first")
    await ann.post(room, "the second")
    await tab.sees("the second")
    before = await renders(tab, first)
    assert before > 0
    commits = await tab.page.evaluate("() => window.renderedCommits")
    for number in range(5):
        message = await ann.post(room, f"chatter {number}")
        await tab.sees(f"chatter {number}")
        assert await renders(tab, message) > 0
    assert await tab.page.evaluate("() => window.renderedCommits") >= commits + 5
    assert await renders(tab, first) == before
    await ann.react(room, first, "heart")
    await expect(tab.reaction("the first", "heart")).to_have_text("1")
    assert await renders(tab, first) > before
