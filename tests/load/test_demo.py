import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from load_tests.demo.__main__ import CannotRun, has_browser, last_words, operator_token, run
from load_tests.demo.captions import CAPTIONS, LANGUAGES, language_of
from load_tests.demo.crowd import Seen
from load_tests.demo.script import PHASES, Crowd, Show
from load_tests.demo.threshold import REASON, lowered_threshold
from local_stack.ports import LOOPBACK, free_port
from tests.support.chat_stack import ADMIN_TOKEN, StartChatStack
from tests.support.people import People, Person

COOLS_WITHIN_S = 30.0
CROWD = Crowd(people=40, posts_per_s=12, fetches_per_s=1500, reactions_per_s=20)


async def test_a_show_makes_a_room_hot_and_leaves_it_cool_with_every_accepted_post(
    start_chat_stack: StartChatStack,
) -> None:
    stack = start_chat_stack(HOTCHAT_CALM_TICKS="1", POSTS_PER_USER_PER_S="5")
    lines: list[str] = []
    async with reader_of(stack.chat_url) as ann:
        room = (await ann.make_room())["id"]
        show = Show(CROWD, seconds=15)
        seen = await run(
            stack.chat_url, room, show, lines.append, Random(7), operator_token=ADMIN_TOKEN, language="ko"
        )
        async with asyncio.timeout(COOLS_WITHIN_S):
            while (await ann.get(f"/api/v1/rooms/{room}"))["heat"]["hot"]:
                await asyncio.sleep(0.1)
        visible = await all_messages(ann, room)
        threshold = await enter_per_s(ann)

    assert len(set(visible)) == len(visible) == seen.posts > 0
    assert "hot" in seen.hot_in
    assert "quiet" not in seen.hot_in
    assert min(seen.reactions, seen.fetches, seen.fetches_refused, seen.stream_bytes) > 0
    assert (seen.streams, seen.refused, dict(seen.unexpected)) == (0, 0, {})
    assert (threshold["value"], threshold["source"]) == (5000, "default")
    captions = [line for line in lines if line.startswith("\n")]
    assert captions == [f"\n{phase.name.upper()}: {CAPTIONS[phase.name]['ko']}" for phase in PHASES]


@asynccontextmanager
async def reader_of(url: str) -> AsyncIterator[Person]:
    people = People(url)
    try:
        yield await people.enter()
    finally:
        await people.leave()


async def enter_per_s(person: Person) -> dict[str, Any]:
    """The threshold of heat that is in force, and its source."""
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    answer = await person.http.get("/api/v1/ops/settings", headers=headers)
    threshold: dict[str, Any] = answer.json()["enter_per_s"]
    return threshold


async def all_messages(reader: Person, room: str) -> list[str]:
    """The ids of all messages of the room, page by page."""
    ids: list[str] = []
    before: dict[str, int] = {}
    while True:
        page = await reader.get(f"/api/v1/rooms/{room}/messages", limit=100, **before)
        ids += [message["id"] for message in page["messages"]]
        if not page["has_more"]:
            return ids
        before = {"before_seq": min(message["seq"] for message in page["messages"])}


async def test_the_threshold_returns_to_the_operators_own_value_also_after_a_failure(people: People) -> None:
    ann = await people.enter()
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    said: list[str] = []
    for own, during in ((3000, 500), (200, 200)):
        await ann.http.patch("/api/v1/ops/settings", json={"enter_per_s": own}, headers=headers)
        with pytest.raises(RuntimeError, match="the show failed"):
            async with lowered_threshold(ann.http, ADMIN_TOKEN, 500, said.append):
                assert (await enter_per_s(ann))["value"] == during
                raise RuntimeError("the show failed")
        assert (await enter_per_s(ann))["value"] == own
    await ann.http.patch("/api/v1/ops/settings", json={"enter_per_s": None}, headers=headers)
    async with lowered_threshold(ann.http, None, 500, said.append):
        assert (await enter_per_s(ann))["value"] == 5000
    assert "the operator's token is not in the data folder" in said[-1]


async def test_a_threshold_that_a_killed_demo_left_in_force_ends_with_the_next_demo(people: People) -> None:
    ann = await people.enter()
    headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
    for own, after in ((3000, (3000, "operator")), (None, (5000, "default"))):
        for change in ({"enter_per_s": own}, {"enter_per_s": 500, "reason": REASON}):
            await ann.http.patch("/api/v1/ops/settings", json=change, headers=headers)
        async with lowered_threshold(ann.http, ADMIN_TOKEN, 500, lambda _: None):
            assert (await enter_per_s(ann))["value"] == 500
        threshold = await enter_per_s(ann)
        assert (threshold["value"], threshold["source"]) == after


def test_each_phase_says_in_three_languages_what_to_look_at_in_the_control_room() -> None:
    assert list(CAPTIONS) == [phase.name for phase in PHASES]
    for captions in CAPTIONS.values():
        assert tuple(captions) == LANGUAGES
        assert all("/ops" in caption for caption in captions.values())


@pytest.mark.parametrize(
    ("env", "language"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
    ],
)
def test_the_captions_are_in_the_language_of_the_terminal(env: dict[str, str], language: str) -> None:
    assert language_of(env) == language


def test_the_operators_token_is_the_given_one_or_that_of_the_data_folder(tmp_path: Path) -> None:
    env = {"HOTCHAT_DATA_DIR": str(tmp_path)}
    assert operator_token(env) is None
    (tmp_path / "admin-token").write_text("kept\n")
    assert operator_token(env) == "kept"
    assert operator_token(env | {"HOTCHAT_ADMIN_TOKEN": "given"}) == "given"


async def test_without_a_server_one_sentence_says_what_to_do() -> None:
    with pytest.raises(CannotRun, match="start it with `make run`"):
        await run(f"http://{LOOPBACK}:{free_port()}", "lobby", Show(CROWD, 1), print, Random(7))


async def test_an_unknown_room_is_named(start_chat_stack: StartChatStack) -> None:
    url = start_chat_stack(publish=0, scheduler=0).chat_url
    with pytest.raises(CannotRun, match="There is no room nowhere"):
        await run(url, "nowhere", Show(CROWD, 1), print, Random(7))


@pytest.mark.parametrize(
    ("platform", "env", "has"),
    [
        ("darwin", {}, True),
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("linux", {"DISPLAY": ""}, False),
    ],
)
def test_a_browser_opens_only_where_a_window_can(platform: str, env: dict[str, str], has: bool) -> None:
    assert has_browser(platform, env) is has


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (Seen(posts=3, hot_in={"hot"}), []),
        (Seen(posts=3), ["did not turn hot"]),
        (Seen(hot_in={"hot"}, refused=2), ["refused with 429"]),
        (Seen(hot_in={"hot"}, skipped=2), ["left out"]),
    ],
)
def test_the_last_words_say_what_did_not_happen(seen: Seen, words: list[str]) -> None:
    said = last_words(seen)[1:]
    assert len(said) == len(words)
    assert all(word in sentence for word, sentence in zip(words, said, strict=True))
