"""Times and days in the browser's locale and time zone, whatever language the page speaks."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.tab import People

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("locale", ["en-GB", "en-AU", "en-US", "de-DE", "fr-FR", "ko-KR", "ja-JP"])
async def test_times_follow_the_browser_and_not_the_language_of_the_page(people: People, locale: str) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "what time is it")
    tab = await people.tab(locale=locale, timezone_id="Asia/Seoul")
    await tab.page.add_init_script("localStorage.setItem('i18nextLng', 'ko')")
    await tab.open(f"/rooms/{room}")
    time = tab.row("what time is it").locator("time")
    expected = await time.evaluate(
        """(time, locale) => new Intl.DateTimeFormat(locale, {timeStyle: 'short'})
            .format(new Date(time.dateTime))""",
        locale,
    )
    await expect(time).to_have_text(expected)
    day = await time.evaluate(
        """(time, locale) => new Intl.DateTimeFormat(locale, {weekday: 'long', month: 'long', day: 'numeric'})
            .format(new Date(time.dateTime))""",
        locale,
    )
    await expect(tab.page.get_by_role("separator")).to_have_text(day)
    await expect(tab.composer).to_have_attribute("placeholder", re.compile("메시지"))


async def test_a_new_time_zone_changes_times_and_days_of_an_open_page(people: People) -> None:
    ann = await people.person("Ann")
    room = await ann.make_room()
    await ann.post(room, "before the flight")
    tab = await people.tab(locale="en-GB")
    await tab.open(f"/rooms/{room}")
    devtools = await tab.page.context.new_cdp_session(tab.page)
    shown = tab.row("before the flight").locator("time")
    day = tab.page.get_by_role("separator")
    for zone in ("Pacific/Honolulu", "Pacific/Kiritimati"):  # 24 hours apart
        await devtools.send("Emulation.setTimezoneOverride", {"timezoneId": zone})
        time, date = await shown.evaluate(
            """(shown, timeZone) => [{timeStyle: 'short'}, {weekday: 'long'}].map(options =>
                new Intl.DateTimeFormat('en-GB', {...options, timeZone}).format(new Date(shown.dateTime)))""",
            zone,
        )
        await expect(shown).to_have_text(time)
        await expect(day).to_contain_text(date)
