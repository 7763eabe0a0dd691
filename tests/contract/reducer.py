"""What a client does with events, in its plainest form: the browser's reducer is held to the same cases."""

from collections.abc import Iterable
from typing import Any

Snapshot = dict[str, Any]
"""{"seq": the last seq applied, "messages": {id: message}}."""


def snapshot_of(page: dict[str, Any]) -> Snapshot:
    """A page of the fetch endpoint as the state of a client that shows it."""
    return {"seq": page["cursor"], "messages": {message["id"]: message for message in page["messages"]}}


def apply_event(state: Snapshot, event: dict[str, Any]) -> Snapshot:
    """The state after the event; events at or below `seq` and of unknown types change nothing."""
    if event.get("seq", 0) <= state["seq"]:
        return state
    messages = dict(state["messages"])
    if event["type"] in ("message.created", "message.edited", "message.deleted"):
        message = event["message"]
        if event["type"] == "message.created" or message["id"] in messages:
            messages[message["id"]] = message
    elif event["type"] == "reaction.changed" and event["message_id"] in messages:
        message = messages[event["message_id"]]
        counts = {kind: n for kind, n in message["reactions"].items() if kind != event["kind"]}
        if event["count"] > 0:
            counts[event["kind"]] = event["count"]
        messages[event["message_id"]] = message | {"reactions": counts}
    return {"seq": event["seq"], "messages": messages}


def replay(state: Snapshot, events: Iterable[dict[str, Any]]) -> Snapshot:
    for event in events:
        state = apply_event(state, event)
    return state
