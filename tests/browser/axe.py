"""Violations that axe-core finds in the page."""

from typing import Any

from local_stack.node import FRONTEND
from tests.browser.tab import Tab

AXE = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"


async def violations(tab: Tab) -> list[str]:
    await tab.page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await tab.page.evaluate("async () => (await axe.run()).violations")
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]
