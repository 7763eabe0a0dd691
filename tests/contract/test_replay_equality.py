"""Replaying the events after a snapshot gives a fresh snapshot, for every action of the API."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from pydantic import TypeAdapter

from chat_contract.events import SequencedEvent
from tests.contract.reducer import replay, snapshot_of
from tests.support.people import People, Person

EVENT: TypeAdapter[Any] = TypeAdapter(SequencedEvent)


class Scene:
    """A room with two people and two messages."""

    def __init__(self, ann: Person, bob: Person, room_id: str, messages: list[dict[str, Any]]) -> None:
        self.ann, self.bob, self.room_id, self.messages = ann, bob, room_id, messages
        self.path = f"/api/v1/rooms/{room_id}"

    def of(self, number: int) -> str:
        return f"{self.path}/messages/{self.messages[number]['id']}"


async def post(scene: Scene) -> object:
    return await scene.bob.post(scene.room_id, "three")


async def reply(scene: Scene) -> object:
    return await scene.bob.post(scene.room_id, "indeed", reply_to=scene.messages[0]["id"])


async def edit(scene: Scene) -> object:
    return await scene.ann.http.patch(scene.of(0), json={"text": "edited"})


async def delete(scene: Scene) -> object:
    return await scene.ann.http.delete(scene.of(1))


async def react(scene: Scene) -> object:
    return await scene.bob.http.put(f"{scene.of(0)}/reactions/heart")


async def many_reactions_at_once(scene: Scene) -> object:
    return await asyncio.gather(
        *(
            person.http.put(f"{scene.of(number)}/reactions/{kind}")
            for person in (scene.ann, scene.bob)
            for number in (0, 1)
            for kind in ("heart", "sad", "laugh")
        )
    )


async def remove_a_reaction(scene: Scene) -> object:
    await scene.bob.http.put(f"{scene.of(0)}/reactions/laugh")
    return await scene.bob.http.delete(f"{scene.of(0)}/reactions/laugh")


async def delete_a_message_with_reactions(scene: Scene) -> object:
    await scene.bob.http.put(f"{scene.of(0)}/reactions/sad")
    return await scene.ann.http.delete(scene.of(0))


async def pin(scene: Scene) -> object:
    return [await scene.ann.http.put(f"{scene.of(number)}/pin") for number in (1, 0, 1)]


async def unpin_one_and_edit_the_other(scene: Scene) -> object:
    await pin(scene)
    await scene.ann.http.delete(f"{scene.of(0)}/pin")
    return await scene.ann.http.patch(scene.of(1), json={"text": "edited"})


async def edit_a_pinned_message(scene: Scene) -> object:
    message = await scene.bob.post(scene.room_id, "harmless")
    path = f"{scene.path}/messages/{message['id']}"
    await scene.ann.http.put(f"{path}/pin")
    response = await scene.bob.http.patch(path, json={"text": "harmful"})
    assert response.json()["text"] == "harmful"
    assert "pinned" not in await scene.ann.get(f"{scene.path}/messages")
    return response


async def delete_a_pinned_message(scene: Scene) -> object:
    await pin(scene)
    return await scene.ann.http.delete(scene.of(1))


async def everything_at_once(scene: Scene) -> object:
    return await asyncio.gather(
        post(scene),
        reply(scene),
        edit(scene),
        delete(scene),
        react(scene),
        many_reactions_at_once(scene),
        pin(scene),
    )


ACTIONS: list[Callable[[Scene], Awaitable[object]]] = [
    post,
    reply,
    edit,
    delete,
    react,
    many_reactions_at_once,
    remove_a_reaction,
    delete_a_message_with_reactions,
    pin,
    unpin_one_and_edit_the_other,
    edit_a_pinned_message,
    delete_a_pinned_message,
    everything_at_once,
]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: str(action.__name__))
async def test_replaying_the_events_after_a_snapshot_gives_a_fresh_snapshot(
    people: People, action: Callable[[Scene], Awaitable[object]]
) -> None:
    ann, bob = await people.enter("ann"), await people.enter("bob")
    room = await ann.make_room()
    messages = [await ann.post(room["id"], text) for text in ("one", "two")]
    scene = Scene(ann, bob, room["id"], messages)

    before = snapshot_of(await ann.get(f"{scene.path}/messages"))
    await action(scene)
    page = await ann.get(f"{scene.path}/events", after_seq=before["seq"])

    assert page["events"], "the action sent no event"
    assert [event["seq"] for event in page["events"]] == list(range(before["seq"] + 1, page["last_seq"] + 1))
    for event in page["events"]:
        EVENT.validate_python(event, strict=True)
    assert replay(before, page["events"]) == snapshot_of(await ann.get(f"{scene.path}/messages"))
