"""How events show people who had themselves erased: as a new id and the nickname `deleted`."""

from collections.abc import Mapping
from typing import Any, Final

DELETED_NICKNAME: Final = "deleted"
"""Nobody can choose it: it is a reserved name."""

ErasedPeople = Mapping[str, str]
"""The new id of each erased person by the former one."""


def event_without_people(event: Any, erased: ErasedPeople) -> Any:
    """The event without these people: their messages are deleted, their ids and names replaced.

    A purge keeps the ids that it names: clients compare them with those of the messages that they hold.
    """
    if event.get("type") == "messages.purged":
        return event
    message = event.get("message")
    if isinstance(message, dict) and message.get("author", {}).get("id") in erased:
        event = {**event, "message": {**message, "text": "", "deleted": True, "reactions": {}}}
    return _replaced(event, erased)


def _replaced(value: Any, erased: ErasedPeople) -> Any:
    match value:
        case {"id": str(id_), "nickname": _} if id_ in erased:
            return {"id": erased[id_], "nickname": DELETED_NICKNAME}
        case dict():
            return {key: _replaced(each, erased) for key, each in value.items()}
        case list():
            return [
                erased.get(each, each) if isinstance(each, str) else _replaced(each, erased) for each in value
            ]
    return value
