"""Rules for names of people and rooms, and for ids of rooms."""

import asyncio
import re
import sys
import unicodedata
import uuid
from random import Random

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat_server.rooms.room_id import RESERVED_ROOM_IDS, clean_new_room_id, room_ids_from_name
from chat_server.text.names import (
    RESERVED_NAMES,
    appearances,
    clean_nickname,
    clean_room_name,
    looks_reserved,
)
from tests.support.chat_stack import StartChatStack
from tests.support.people import People

RULES = [clean_nickname, clean_room_name]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "name",
    [
        "\u3164",
        "\ufe0f",
        "\u115f",
        "\uffa0",
        "\u2800",
        "\u200d",
        "\u0301",
        "\u064b\u200c\u064b",
        "a\u200db",
        "a\u200cb",
        "ann\u3164",
        "ann\ufe0f",
        "ann\u034f",
        "ann\u00ad",
        "ann\U000e0041",
        "ann\U000e0100",
        "a\u202eb",
        "a\u2066b",
        "a\ue000b",
        "\U0001f600\u200d",
        "\U0001f600\ufe0f\ufe0f",
        "می\u200c\u200cخواهم",
    ],
)
def test_names_with_invisible_characters_are_refused(rule: object, name: str) -> None:
    assert callable(rule)
    with pytest.raises(ValueError, match=r"^A (nickname|room's name) (may not hold|needs at least)"):
        rule(name)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize(
    "name",
    [
        "Ann Lee",
        "Zoë",
        "김민지",
        "می\u200cخواهم",
        "क्\u200dष",
        "ශ්\u200dරී",
        "👩\u200d👩\u200d👧",
        "❤️",
        "❤\ufe0f\u200d🔥",
        "👍🏽",
        "1\ufe0f\u20e3",
        "🇰🇷",
        "🫩",
        "!",
        "Olga Иванова",
        "Modern",
    ],
)
def test_names_in_every_script_and_emoji_are_kept_unchanged(rule: object, name: str) -> None:
    assert callable(rule)
    assert rule(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(
    "name",
    ["Hotchat", "HOTCHAT", "НОТСНАТ", "Ηotchat", "Аdmin", "ADMІN", "Ａｄｍｉｎ", "Ádmin", "0wner", "ownеr", "adm1n",
     "hоτchat", "нотснат", "ħøτcħαт", "ᴀᴅᴍɪɴ", "adm!n", "0perator", "oper4tor", "$ystem", "@dm!n!", "h07chat", "5y5tem",
     "h.o.t chat", "Hotchat!", "-operator-", "𝐬𝐲𝐬𝐭𝐞𝐦", "mоderаtor", "관리자"],
)  # fmt: skip
def test_names_that_look_like_a_reserved_name_are_refused(name: str) -> None:
    for rule in RULES:
        with pytest.raises(ValueError, match="reserved"):
            rule(name)


@pytest.mark.parametrize(
    "name",
    [
        "mоm",
        "Olgа",
        "aπ",
        "дom",
        "pаypal shop",
        "xx ρay",
        "สมชายBKK",
        "가я",
        "あ가",
        "ㄅあ",
        "Ann’s Ваr",
        "a\u0301б",
    ],
)
def test_one_word_of_letters_that_do_not_belong_together_is_refused(name: str) -> None:
    for rule in RULES:
        with pytest.raises(ValueError, match="several alphabets"):
            rule(name)


@pytest.mark.parametrize(
    "name",
    [
        "山田taro",
        "カラオケbox",
        "김민지ABC",
        "金가A",
        "ㄅㄆA漢",
        "Olga-Иванова",
        "Иван2",
        "π",
        "µTorrent",
        "Łódź",
        "a😀б",
    ],
)
def test_scripts_that_belong_together_may_share_a_word(name: str) -> None:
    for rule in RULES:
        assert rule(name) == name


def test_every_reserved_name_is_refused_in_upper_and_lower_case() -> None:
    for name in RESERVED_NAMES:
        assert all(looks_reserved(form) for form in (name, name.upper(), name.title(), name.swapcase()))
    assert not any(looks_reserved(name) for name in ("ann", "Adam", "Adminka", "Oleg", "Hot chats", "모임"))


def test_a_lone_default_ignorable_character_is_refused() -> None:
    """Default_Ignorable_Code_Point: category Cf, variation selectors, fillers, unassigned code points of plane 14."""
    for code_point in range(sys.maxunicode + 1):
        char = chr(code_point)
        if (
            unicodedata.category(char) == "Cf"
            or "VARIATION SELECTOR" in unicodedata.name(char, "")
            or ("FILLER" in unicodedata.name(char, "") and unicodedata.category(char) == "Lo")
        ):
            with pytest.raises(ValueError):
                clean_nickname(f"ann{char}")


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(raw=st.text(max_size=100))
def test_normalizing_a_nickname_twice_changes_nothing(raw: str) -> None:
    try:
        name = clean_nickname(raw)
    except ValueError as error:
        assert str(error).endswith(".")
    else:
        assert clean_nickname(name) == name


@pytest.mark.parametrize(
    "room_id", ["-", "---", "admin", "api", "new", "moderate", "-admin-", "adm1n", "0perator"]
)
async def test_ids_that_read_like_a_part_of_hotchat_are_refused(people: People, room_id: str) -> None:
    ann = await people.enter()
    answer = await ann.http.post("/api/v1/rooms", json={"name": "A room", "id": room_id})
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
    assert answer.json()["errors"][0]["field"] == "id"


async def test_names_of_people_and_rooms_follow_the_same_rule(people: People) -> None:
    ann = await people.enter()
    for name in ("\u3164", "Аdmin"):
        person = await ann.http.post("/api/v1/sessions", json={"nickname": name})
        room = await ann.http.post("/api/v1/rooms", json={"name": name})
        changed = await ann.http.patch("/api/v1/rooms/lobby", json={"name": name})
        for answer in (person, room, changed):
            assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_a_room_name_that_leads_to_a_reserved_id_gets_another_id() -> None:
    assert [room_id[:5] for room_id in room_ids_from_name("New!", Random(7))] == ["room-"] * 2
    assert room_ids_from_name("New rooms", Random(7))[0] == "new-rooms"
    for room_id in RESERVED_ROOM_IDS:
        with pytest.raises(ValueError, match="reserved"):
            clean_new_room_id(room_id)


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("Café Élan!", "cafe-elan"),
        ("Łódź, Straße 7", "lodz-strasse-7"),
        ("ＦＵＬＬ width", "full-width"),
        ("Fire 🔥", "fire"),
        ("c" * 80, "c" * 53),
        ("회의 1", None),
        ("1반", None),
        ("한국어 chat", None),
        ("東京", None),
        ("ห้อง 1", None),
        ("٣", None),
        ("🔥", None),
        ("---", None),
    ],
)
def test_an_id_from_a_name_is_readable_or_random(name: str, stem: str | None) -> None:
    ids = room_ids_from_name(name, Random(7))
    assert ids[:-2] == ([] if stem is None else [stem])
    for room_id, digits in zip(ids[-2:], (5, 10), strict=True):
        assert re.fullmatch(f"{stem or 'room'}-[0-9a-f]{{{digits}}}", room_id) and len(room_id) <= 64


@pytest.mark.parametrize(
    "names", [("회의 1", "공지 1"), ("1반", "1팀"), ("Tea", "Tea!"), ("チャット", "チャット")]
)
async def test_rooms_with_names_that_are_alike_get_ids_of_their_own(
    people: People, names: tuple[str, str]
) -> None:
    ann, ben = await people.enter("ann"), await people.enter("ben")
    unique = uuid.uuid4().hex[:6]
    rooms = await asyncio.gather(  # at the same time
        *(
            someone.http.post("/api/v1/rooms", json={"name": f"{name} {unique}"})
            for someone in (ann, ben)
            for name in names
        )
    )
    assert [room.status_code for room in rooms] == [201] * 4
    ids = {room.json()["id"] for room in rooms}
    assert len(ids) == 4
    for room_id in ids:
        assert (await ann.get(f"/api/v1/rooms/{room_id}"))["message_count"] == 0


async def test_existing_rooms_with_reserved_ids_or_names_keep_working(
    start_chat_stack: StartChatStack, database_url: str
) -> None:
    stack = start_chat_stack(publish=0, scheduler=0)
    people = People(stack.chat_url)
    ann = await people.enter()
    connection = await asyncpg.connect(database_url)
    for room_id, name in (("-", "\u3164"), ("admin", "Аdmin")):
        await connection.execute(
            "INSERT INTO rooms (id, name, owner_id, created_at, active_at) VALUES ($1, $2, $3, now(), now())",
            room_id,
            name,
            uuid.UUID(ann.id),
        )
        message = await ann.post(room_id, "hello")
        assert (await ann.get(f"/api/v1/rooms/{room_id}/messages"))["messages"] == [message]
        assert (await ann.get(f"/api/v1/rooms/{room_id}"))["name"] == name
        changed = await ann.http.patch(f"/api/v1/rooms/{room_id}", json={"slow_mode_s": 1})
        assert (changed.status_code, changed.json()["name"]) == (200, name)
    await connection.close()
    await people.leave()


@pytest.mark.parametrize(
    ("name", "other", "is_alike"),
    [
        ("Minji Lee", "m1nj1-iee", True),
        ("Minji Lee", "Minji Kim", False),
        ("민지", "민지", True),
        ("🎉", "🎉", True),
        ("🎉", "🎈", False),
        ("🎉", "?!", False),
        ("🎉 Ann", "ann", True),
    ],
)
def test_names_look_alike_by_their_letters_or_without_letters_by_themselves(
    name: str, other: str, is_alike: bool
) -> None:
    assert appearances(name).isdisjoint(appearances(other)) is not is_alike
