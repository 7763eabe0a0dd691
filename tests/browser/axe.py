"""Violations that axe-core finds in the page."""

from typing import Any, Final

from local_stack.node import FRONTEND
from tests.browser.tab import Tab

AXE: Final = FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
COLOR_RULES: Final = ["color-contrast", "link-in-text-block"]
"""The rules whose result depends on the color scheme: the page has the same elements in both."""


async def violations(tab: Tab) -> list[str]:
    return await _violations(tab, {})


async def violations_in_light_and_dark(tab: Tab) -> list[str]:
    """Check every rule in the light color scheme, and COLOR_RULES in the dark one."""
    light = await _violations(tab, {})
    await tab.page.emulate_media(color_scheme="dark")
    dark = await _violations(tab, {"runOnly": COLOR_RULES})
    await tab.page.emulate_media(color_scheme="light")
    return [*light, *(f"dark: {violation}" for violation in dark)]


async def _violations(tab: Tab, options: dict[str, Any]) -> list[str]:
    if not await tab.page.evaluate("() => 'axe' in window"):  # compiling axe costs about as much as a check
        await tab.page.evaluate(AXE.read_text())
    found: list[dict[str, Any]] = await tab.page.evaluate(
        "async options => (await axe.run(options)).violations", options
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]
