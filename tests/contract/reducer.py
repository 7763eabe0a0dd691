"""A minimal reducer of events. The frontend's reducer must pass the same cases."""

from collections.abc import Iterable
from typing import Any

Snapshot = dict[str, Any]
"""{"seq": the last seq applied, "messages": {id: message}, "pinned": [message …]}, the last one pinned first."""


def snapshot_of(page: dict[str, Any]) -> Snapshot:
    """The state of a client that shows this page of the fetch endpoint."""
    messages = {message["id"]: message for message in page["messages"]}
    return {"seq": page["cursor"], "messages": messages, "pinned": page.get("pinned", [])}


def apply_event(state: Snapshot, event: dict[str, Any]) -> Snapshot:
    """The state after the event. Events at or below `seq` change nothing; unknown types only advance `seq`."""
    if event.get("seq", 0) <= state["seq"]:
        return state
    messages = {each["id"]: changed(each, event) for each in state["messages"].values()}
    pinned = [changed(each, event) for each in state["pinned"] if not is_unpinned(each, event)]
    if event["type"] == "message.created":
        messages[event["message"]["id"]] = event["message"]
    elif event["type"] == "message.pinned":
        pinned = [event["message"], *(each for each in pinned if each["id"] != event["message"]["id"])]
    return {"seq": event["seq"], "messages": messages, "pinned": pinned}


def changed(message: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """The message after the event, which may concern another message."""
    if event["type"] in ("message.edited", "message.deleted") and event["message"]["id"] == message["id"]:
        return event["message"]  # type: ignore[no-any-return]
    if event["type"] == "reaction.changed" and event["message_id"] == message["id"]:
        counts = {kind: n for kind, n in message["reactions"].items() if kind != event["kind"]}
        if event["count"] > 0:
            counts[event["kind"]] = event["count"]
        return message | {"reactions": counts}
    if is_purged(message, event):
        purged = message | {"text": "", "deleted": True, "reactions": {}}
        if "erased_as" in event:
            purged["author"] = {"id": event["erased_as"], "nickname": "deleted"}
        return purged
    return message


def is_unpinned(message: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether the event unpins the message."""
    if event["type"] == "message.unpinned":
        return bool(event["message_id"] == message["id"])
    if event["type"] == "message.deleted":
        return bool(event["message"]["id"] == message["id"])
    return is_purged(message, event)


def is_purged(message: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether the event deletes the message along with others of its author."""
    if event["type"] != "messages.purged" or message["seq"] > event["up_to_seq"]:
        return False
    return message["author"]["id"] in event.get("author_ids", [event.get("author_id")])


def replay(state: Snapshot, events: Iterable[dict[str, Any]]) -> Snapshot:
    for event in events:
        state = apply_event(state, event)
    return state
