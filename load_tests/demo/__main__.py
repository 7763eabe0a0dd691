"""`make demo`: simulated users enter a live room, chat, react and reload, so that you can watch a room go hot.

Options: `make demo ARGS="--people 5000 --posts-per-s 50 --seconds 60 --url http://localhost:8000 --room lobby"`.
"""

import argparse
import asyncio
import os
import resource
import sys
import webbrowser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Final

import httpx
import uvloop

from load_tests.demo.captions import CAPTIONS, LANGUAGES, language_of
from load_tests.demo.crowd import RELOADERS, Audience, Authors, Reloader, Seen, enter, perform
from load_tests.demo.lines import PEOPLE, Person
from load_tests.demo.script import Crowd, Show
from load_tests.demo.threshold import lowered_threshold

REPORTS: Final = 24
REACTIONS_PER_POST: Final = 1
ENTER_PER_S: Final = 500
"""The threshold of the show, which an operator may set: any laptop reaches it."""

FETCHES_PER_S: Final = 1500.0
FETCHES_WITHOUT_OPERATOR_PER_S: Final = 6000.0
"""Above the default threshold, which stays in force without the operator's token."""

SPARE_DESCRIPTORS: Final = 200
ANSWERS_WITHIN_S: Final = 20.0
UNLIMITED: Final = httpx.Limits(max_connections=None)
"""The authors bound their calls themselves."""
CONTROL_ROOM: Final = "/ops"
KEPT_IN: Final = "admin-token"
"""The file of the data folder with the operator's token."""


Say = Callable[[str], None]


class CannotRun(Exception):
    """A sentence that says what to do."""


async def run(
    url: str,
    room: str,
    show: Show,
    say: Say,
    rng: Random,
    *,
    operator_token: str | None = None,
    language: str = "en",
    ready: Callable[[], None] = lambda: None,
) -> Seen:
    """Run the whole show, after a call of `ready`. With the operator's token, at a threshold of ENTER_PER_S.

    Raises CannotRun, or httpx.HTTPError, OSError or EOFError if the server stops meanwhile.
    """
    async with httpx.AsyncClient(base_url=url, timeout=ANSWERS_WITHIN_S, limits=UNLIMITED) as http:
        streams_url = await _streams_url(http, room)
        ready()
        tokens = await enter(http)
        async with lowered_threshold(http, operator_token, ENTER_PER_S, say):
            return await _run_show(http, url, streams_url, room, tokens, show, language, say, rng)


async def _run_show(
    http: httpx.AsyncClient,
    url: str,
    streams_url: str,
    room: str,
    tokens: Mapping[Person, str],
    show: Show,
    language: str,
    say: Say,
    rng: Random,
) -> Seen:
    seen = Seen()
    loop = asyncio.get_running_loop()
    begun_s = loop.time()

    def clock_s() -> float:
        return loop.time() - begun_s

    audience = Audience(streams_url, room, seen)
    authors = Authors(http, room, tokens, rng, seen)
    reloaders = [Reloader(url, room, tokens[person], seen) for person in PEOPLE[:RELOADERS]]
    tasks = [
        asyncio.create_task(perform(show, audience, authors, reloaders, clock_s)),
        asyncio.create_task(_report(http, room, tokens[PEOPLE[-1]], show, language, clock_s, seen, say)),
        *(asyncio.create_task(reloader.run()) for reloader in reloaders),
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await authors.leave()
        audience.leave()
    return seen


async def _streams_url(http: httpx.AsyncClient, room: str) -> str:
    """The address of publish_server. Raises CannotRun if no Hotchat or no such room is there."""
    try:
        config = (await http.get("/api/v1/config")).raise_for_status().json()
        streams_url = str(config["stream_url"])
    except (httpx.HTTPError, ValueError, KeyError):
        raise CannotRun(f"No Hotchat answers at {http.base_url}; start it with `make run`.") from None
    if (await http.get(f"/api/v1/rooms/{room}")).status_code == httpx.codes.NOT_FOUND:
        raise CannotRun(f"There is no room {room} at {http.base_url}; name another one with --room.")
    return streams_url


async def _report(
    http: httpx.AsyncClient,
    room: str,
    token: str,
    show: Show,
    language: str,
    clock_s: Callable[[], float],
    seen: Seen,
    say: Say,
) -> None:
    """Say the caption of each phase as it begins, and counts in between, until cancelled."""
    said, is_hot = 0, False
    while True:
        begun = show.begun(clock_s())
        for phase in begun[said:]:  # a slow response must not skip a phase
            say(f"\n{phase.name.upper()}: {CAPTIONS[phase.name][language]}")
        said, phase = len(begun), begun[-1]
        answer = await http.get(f"/api/v1/rooms/{room}", headers={"Authorization": f"Bearer {token}"})
        if answer.status_code == httpx.codes.OK:
            is_hot = answer.json()["heat"]["hot"]
        if is_hot and show.phase(clock_s()) is phase:
            seen.hot_in.add(phase.name)
        say(
            f"  {clock_s():3.0f} s · {seen.streams:,} watching · {seen.posts:,} posts · {seen.reactions:,} reactions"
            f" · {seen.fetches + seen.fetches_refused:,} reloads, {seen.fetches_refused:,} refused"
            f" · the room is {'HOT' if is_hot else 'cool'}"
        )
        await asyncio.sleep(show.seconds / REPORTS)


def say(sentence: str) -> None:
    print(sentence, flush=True)


@contextmanager
def descriptors(wanted: int) -> Iterator[int]:
    """Raise the limit of open files, up to `wanted`; yields the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, allowed), hard))
    yield max(soft, allowed)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def has_browser(platform: str, env: Mapping[str, str]) -> bool:
    """Whether a window can open. A browser in the terminal would cover what the demo prints."""
    return platform == "darwin" or bool(env.get("DISPLAY") or env.get("WAYLAND_DISPLAY"))


def operator_token(env: Mapping[str, str]) -> str | None:
    """The operator's token, given or from the data folder of `make run`; None if there is none."""
    if given := env.get("HOTCHAT_ADMIN_TOKEN"):
        return given
    try:
        return (Path(env.get("HOTCHAT_DATA_DIR") or ".hotchat") / KEPT_IN).read_text().strip() or None
    except OSError:
        return None


def show_pages(url: str, room: str, *, opens: bool) -> None:
    """Print the addresses of the room and the operator's page, and open both if `opens`."""
    room_page, control_room = f"{url}/rooms/{room}", f"{url}{CONTROL_ROOM}"
    say(f"Watch the room:   {room_page}")
    say(f"Control room:     {control_room}, with the token in the file `{KEPT_IN}` of the data folder")
    if opens:
        webbrowser.open(room_page)
        webbrowser.open(control_room)


def last_words(seen: Seen) -> list[str]:
    """The result of the show in sentences."""
    words = [
        f"\nDone: {seen.posts:,} posts ({seen.replies:,} replies, {seen.mentions:,} mentions),"
        f" {seen.reactions:,} reactions, {seen.fetches + seen.fetches_refused:,} reloads."
    ]
    if not seen.hot_in:
        words.append(
            "The room did not turn hot: this machine is too slow or busy for so many reloads."
            " Start with `HOTCHAT_ENTER_PER_S=700 make run` and try again."
        )
    if seen.refused:
        words.append(
            f"{seen.refused:,} posts and reactions were refused with 429: exempt this machine's address from the shares"
            " (docs/settings.md) if you have set limits by address."
        )
    if seen.skipped:
        words.append(f"{seen.skipped:,} posts and reactions were left out, since the server was too slow.")
    return words


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="make demo", description="Simulated users in a live room.")
    parser.add_argument("--url", default="http://localhost:8000", help="a running Hotchat")
    parser.add_argument("--room", default="lobby")
    parser.add_argument("--people", type=int, default=500, help="open streams while the room is hot")
    parser.add_argument("--posts-per-s", type=float, default=20.0, help="while the room is hot")
    parser.add_argument("--fetches-per-s", type=float, help="while the room is hot")
    parser.add_argument("--seconds", type=float, default=120.0, help="of the whole show")
    parser.add_argument(
        "--language", choices=LANGUAGES, default=language_of(os.environ), help="of the captions"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the addresses only")
    given = parser.parse_args(words)
    url = given.url.rstrip("/")
    with descriptors(given.people + SPARE_DESCRIPTORS) as allowed:
        people = min(given.people, allowed - SPARE_DESCRIPTORS)
        if people < given.people:
            say(
                f"This machine lets one process open {allowed:,} files (see `ulimit -n`), so only"
                f" {people:,} people will enter."
            )
        token = operator_token(os.environ)
        fetches_per_s = given.fetches_per_s or (
            FETCHES_WITHOUT_OPERATOR_PER_S if token is None else FETCHES_PER_S
        )
        crowd = Crowd(people, given.posts_per_s, fetches_per_s, given.posts_per_s * REACTIONS_PER_POST)
        opens = not given.no_browser and has_browser(sys.platform, os.environ)
        try:
            seen = uvloop.run(
                run(
                    url,
                    given.room,
                    Show(crowd, given.seconds),
                    say,
                    Random(),
                    operator_token=token,
                    language=given.language,
                    ready=lambda: show_pages(url, given.room, opens=opens),
                )
            )
        except KeyboardInterrupt:
            sys.exit("Stopped before the end.")
        except CannotRun as reason:
            sys.exit(str(reason))
        except (httpx.HTTPError, OSError, EOFError) as error:
            sys.exit(
                f"The server at {url} stopped answering ({error!r}); look at its output, then start it again."
            )
    for sentence in last_words(seen):
        say(sentence)
    if seen.unexpected:
        sys.exit(f"Unexpected responses by status: {dict(seen.unexpected)}")


if __name__ == "__main__":
    main()
