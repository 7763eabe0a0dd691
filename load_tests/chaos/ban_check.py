"""Compares a room's stored events with its bans and purges. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

MAX_EXAMPLES: Final = 3


def broken_bans(
    events: Sequence[Mapping[str, Any]], bans: Mapping[str, int], purged: Iterable[str]
) -> list[str]:
    """Sentences about what breaks the guarantee of bans; empty if it held.

    `bans`: user id → the seq of the ban's response. `purged`: those of them whose ban also purged.
    """
    seqs = [int(event["seq"]) for event in events]
    found = []
    if seqs != list(range(1, len(seqs) + 1)):
        found.append(f"the {len(seqs)} seqs of the room have holes or repeats")
    late = [event for event in events if event["seq"] > bans.get(_writer(event) or "", len(seqs))]
    late += [
        event
        for event in events
        if any(event["seq"] > bans.get(user_id, len(seqs)) for user_id in event.get("added", ()))
    ]
    if late:
        found.append(f"{len(late)} events of banned people: {_examples(late)}")
    covered = _purged_up_to(events)
    if unmarked := [user_id for user_id in purged if user_id not in covered]:
        found.append(f"{len(unmarked)} purges have no event")
    readable = [event for event in events if _is_readable(event, covered)]
    if readable:
        found.append(f"{len(readable)} purged messages still have a text: {_examples(readable)}")
    return found


def _writer(event: Mapping[str, Any]) -> str | None:
    """The author of a new message or of an edit."""
    if event["type"] not in ("message.created", "message.edited"):
        return None
    return str(event["message"]["author"]["id"])


def _purged_up_to(events: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    covered: dict[str, int] = {}
    for event in events:
        if event["type"] == "messages.purged":
            author_ids = event.get("author_ids") or [event["author_id"]]
            covered |= dict.fromkeys(author_ids, int(event["up_to_seq"]))
    return covered


def _is_readable(event: Mapping[str, Any], covered: Mapping[str, int]) -> bool:
    message = event.get("message")
    if message is None:
        return False
    return bool(message["text"]) and int(message["seq"]) <= covered.get(message["author"]["id"], 0)


def _examples(events: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(f"{event['type']} {event['seq']}" for event in events[:MAX_EXAMPLES])
