"""What a client does with events, in its plainest form: the browser's reducer is held to the same cases."""

from collections.abc import Iterable
from typing import Any

Snapshot = dict[str, Any]
"""{"seq": the last seq applied, "messages": {id: message}, "pinned": [message …]}, the last one pinned first."""


def snapshot_of(page: dict[str, Any]) -> Snapshot:
    """A page of the fetch endpoint as the state of a client that shows it."""
    messages = {message["id"]: message for message in page["messages"]}
    return {"seq": page["cursor"], "messages": messages, "pinned": page.get("pinned", [])}


def apply_event(state: Snapshot, event: dict[str, Any]) -> Snapshot:
    """The state after the event; events at or below `seq` and of unknown types change nothing."""
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
    """The message after an event that may be about another one."""
    if event["type"] in ("message.edited", "message.deleted") and event["message"]["id"] == message["id"]:
        return event["message"]  # type: ignore[no-any-return]
    if event["type"] == "reaction.changed" and event["message_id"] == message["id"]:
        counts = {kind: n for kind, n in message["reactions"].items() if kind != event["kind"]}
        if event["count"] > 0:
            counts[event["kind"]] = event["count"]
        return message | {"reactions": counts}
    return message


def is_unpinned(message: dict[str, Any], event: dict[str, Any]) -> bool:
    """Whether the event takes the message from the pinned ones."""
    if event["type"] == "message.unpinned":
        return bool(event["message_id"] == message["id"])
    return bool(event["type"] == "message.deleted" and event["message"]["id"] == message["id"])


def replay(state: Snapshot, events: Iterable[dict[str, Any]]) -> Snapshot:
    for event in events:
        state = apply_event(state, event)
    return state
