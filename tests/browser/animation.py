"""The animation of the README: `python -m tests.browser.animation` writes docs/images/demo.webp.

Runs the show of `make demo` with a small crowd in a temporary stack, takes a picture of the room every 0.6 s, and plays
the pictures faster.
"""

import asyncio
import io
import sys
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Final, NamedTuple

from PIL import Image
from playwright.async_api import expect

from load_tests.demo.__main__ import run
from load_tests.demo.lines import LINES, Person
from load_tests.demo.script import Crowd, Show
from load_tests.jmeter.temporary_stack import temporary_stack
from tests.browser.screenshots import IMAGES, visitors
from tests.browser.tab import Tab

NAME: Final = "demo.webp"
MAX_BYTES: Final = 3_000_000
QUALITIES: Final = (70, 55, 40, 25)
"""Of the WebP encoder, from 0 to 100. The first one whose file is small enough is used."""

SETTINGS: Final = {"HOTCHAT_ENTER_PER_S": "60", "HOTCHAT_CALM_TICKS": "2"}
SHOW: Final = Show(Crowd(people=200, posts_per_s=9, fetches_per_s=150, reactions_per_s=14), seconds=60)
SPEED: Final = 2
"""How much faster the animation is than the show: it lasts 30 s."""

FRAME_S: Final = 0.6
SIZE: Final = {"width": 800, "height": 560}
EARLY: Final = (Person("Hana", "en"), Person("수아", "ko"), Person("蓮", "ja"))
"""Who has written before the show begins. The crowd has other names, since equal ones get a mark."""

FIRST_LINES: Final = 4
"""Of each of them."""


class TooLarge(Exception):
    """The animation is too large in every quality."""


class Frame(NamedTuple):
    """A picture (PNG), and when it was taken, in seconds of the show."""

    picture: bytes
    at_s: float


def durations_ms(frames: Sequence[Frame], end_s: float, speed: float) -> list[int]:
    """How long to show each frame: until the next one, the last until `end_s`."""
    times_ms = [round(at_s * 1000 / speed) for at_s in (*(frame.at_s for frame in frames), end_s)]
    return [max(1, after - before) for before, after in pairwise(times_ms)]


def animated(frames: Sequence[Frame], end_s: float, speed: float, max_bytes: int = MAX_BYTES) -> bytes:
    """An animated WebP of the frames that repeats for ever. Raises TooLarge."""
    pictures = [Image.open(io.BytesIO(frame.picture)).convert("RGB") for frame in frames]
    for quality in QUALITIES:
        file = io.BytesIO()
        pictures[0].save(
            file,
            "WEBP",
            save_all=True,
            append_images=pictures[1:],
            duration=durations_ms(frames, end_s, speed),
            loop=0,
            quality=quality,
            method=4,
        )
        if file.tell() <= max_bytes:
            return file.getvalue()
    raise TooLarge(f"The animation has {file.tell():,} bytes; take fewer or smaller frames.")


async def film(url: str) -> list[Frame]:
    """Pictures of a room during the show."""
    async with visitors(url) as (people, _):
        members = [await people.person(person.name) for person in EARLY]
        room = await members[0].make_room("Show night")
        for number in range(FIRST_LINES):
            for member, person in zip(members, EARLY, strict=True):
                await member.post(room, LINES[person.language][number])
        tab = await people.tab(color_scheme="light", viewport=SIZE)
        await tab.open(f"/rooms/{room}")
        await expect(tab.rows.last).to_be_in_viewport()
        await tab.page.evaluate("() => document.fonts.ready")
        frames: list[Frame] = []
        filming = asyncio.create_task(_take_frames(tab, frames))
        try:
            seen = await run(url, room, SHOW, _say, Random(7))
        finally:
            filming.cancel()
            await asyncio.gather(filming, return_exceptions=True)
        if "hot" not in seen.hot_in:
            raise RuntimeError("The room did not turn hot; run it again on a machine with less to do.")
        return frames


async def _take_frames(tab: Tab, frames: list[Frame]) -> None:
    """Take a picture every FRAME_S until cancelled."""
    loop = asyncio.get_running_loop()
    begun_s = loop.time()
    while True:
        at_s = loop.time() - begun_s
        frames.append(Frame(await tab.page.screenshot(), at_s))
        await asyncio.sleep(max(0.0, at_s + FRAME_S - (loop.time() - begun_s)))


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")


def main() -> None:
    expect.set_options(timeout=20_000)
    with temporary_stack(SETTINGS) as target:
        frames = asyncio.run(film(target.url))
    animation = animated(frames, SHOW.seconds, SPEED)
    (IMAGES / NAME).write_bytes(animation)
    _say(f"docs/images/{NAME}: {len(animation) // 1024} KB, {len(frames)} frames")


if __name__ == "__main__":
    main()
