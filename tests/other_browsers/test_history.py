"""The history of a room in browsers other than Chromium, which lay out and scroll a list differently."""

from tests.other_browsers.driven_tab import DrivenTab
from tests.support.people import Person

TEXTS = [f"{number}{' word' * (number % 7) * 20}" for number in range(120)]
"""Several pages of messages of different heights."""


async def test_a_reader_of_the_history_keeps_the_place_when_a_message_arrives_and_returns_to_the_newest(
    tab: DrivenTab, ann: Person
) -> None:
    room = (await ann.make_room())["id"]
    for text in TEXTS:
        await ann.post(room, text)
    tab.open(f"/rooms/{room}")
    tab.sees(TEXTS[-1])

    place = TEXTS[28]
    tab.scroll_back_to(place)
    top_px = tab.top_px(place)
    await ann.post(room, "meanwhile")
    tab.wait_for("the number of new messages", lambda: "1 new" in tab.find("[data-testid=new-chip]").text)
    assert tab.top_px(place) == top_px

    tab.find("[data-testid=new-chip]").click()
    tab.sees("meanwhile")
    await ann.post(room, "at the end again")
    tab.sees("at the end again")
