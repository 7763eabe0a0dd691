"""The check of bans finds exactly what breaks their guarantee."""

from typing import Any

from load_tests.chaos.ban_check import broken_bans

Event = dict[str, Any]


def of_message(seq: int, event_type: str, author: str, text: str, message_seq: int | None = None) -> Event:
    message = {"seq": message_seq or seq, "author": {"id": author}, "text": text}
    return {"type": event_type, "seq": seq, "message": message}


def purge(seq: int, *authors: str) -> Event:
    who = {"author_id": authors[0]} if len(authors) == 1 else {"author_ids": list(authors)}
    return {"type": "messages.purged", "seq": seq, "up_to_seq": seq - 1, **who}


def reaction(seq: int, *added: str) -> Event:
    return {"type": "reaction.changed", "seq": seq, "added": list(added)}


KEPT = [
    of_message(1, "message.created", "mallory", ""),
    of_message(2, "message.created", "ann", "hello"),
    reaction(3, "mallory", "ann"),
    purge(4, "mallory"),
    of_message(5, "message.deleted", "mallory", "", message_seq=1),
    reaction(6, "ann"),
    of_message(7, "message.created", "oscar", "before the ban"),
]
BANS = {"mallory": 4, "oscar": 7}


def test_a_log_that_keeps_the_guarantee_has_no_findings() -> None:
    assert broken_bans(KEPT, BANS, ["mallory"]) == []


def test_new_messages_edits_and_reactions_after_a_ban_are_found() -> None:
    for late in (
        of_message(8, "message.created", "oscar", "late"),
        of_message(8, "message.edited", "oscar", "late", message_seq=7),
        reaction(8, "ann", "oscar"),
    ):
        assert broken_bans([*KEPT, late], BANS, ["mallory"]) == [
            f"1 events of banned people: {late['type']} 8"
        ]


def test_a_hole_in_the_log_is_found() -> None:
    assert broken_bans(KEPT[:5] + KEPT[6:], BANS, []) == ["the 6 seqs of the room have holes or repeats"]


def test_a_purged_text_is_found_in_every_kind_of_event() -> None:
    pinned = of_message(8, "message.pinned", "mallory", "still here", message_seq=1)
    created = of_message(1, "message.created", "mallory", "still here")
    for log, where in (([*KEPT, pinned], "message.pinned 8"), ([created, *KEPT[1:]], "message.created 1")):
        assert broken_bans(log, BANS, ["mallory"]) == [f"1 purged messages still have a text: {where}"]


def test_one_purge_of_several_people_covers_each_of_them() -> None:
    log = [
        of_message(1, "message.created", "mallory", "still here"),
        of_message(2, "message.created", "oscar", ""),
        purge(3, "mallory", "oscar"),
    ]
    assert broken_bans(log, {"mallory": 3, "oscar": 3}, ["mallory", "oscar"]) == [
        "1 purged messages still have a text: message.created 1"
    ]


def test_a_purge_without_an_event_is_found() -> None:
    assert broken_bans(KEPT, BANS, ["mallory", "oscar"]) == ["1 purges have no event"]
