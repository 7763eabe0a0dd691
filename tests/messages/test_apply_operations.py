"""Applying the operations of one transaction: which take a seq, and the result of each."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from chat_contract.limits import MAX_TEXT_CODE_POINTS
from chat_server.filters.rules import FilterRules, FiltersChanged, TextCheck, TextFilter
from chat_server.messages.apply_operations import MAX_EDITS, MAX_PINNED, MAX_REVISIONS, apply_in_slices
from chat_server.messages.batch_rows import BatchInput, LockedRoom
from chat_server.messages.batch_state import BatchResult
from chat_server.messages.held_actions import MAX_HELD_OF_PERSON
from chat_server.messages.operations import (
    DeleteMessage,
    EditMessage,
    MessageResult,
    Operation,
    PostMessage,
    ReactionResult,
    SetPin,
    SetReaction,
)
from chat_server.messages.read_plan import texts_to_compare
from chat_server.messages.seq_numbering import SLICE
from server_kit.http.problem import ChatError
from tests.support.message_store import post

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC)
OWNER = uuid.uuid4()


def one_room(last_seq: int = 0) -> BatchInput:
    room = LockedRoom("r", last_seq, 0, OWNER, [])
    return BatchInput(rooms={"r": room}, messages={}, by_key={}, reactions=set())


def apply(*operations: Operation, last_seq: int = 0) -> BatchResult:
    batch_input = one_room(last_seq)
    outcome, _ = apply_counting_pauses(operations, batch_input)
    return outcome


def apply_counting_pauses(
    operations: Sequence[Operation], batch_input: BatchInput
) -> tuple[BatchResult, int]:
    work = apply_in_slices(operations, batch_input, NOW)
    pauses = 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value, pauses
        pauses += 1


def log(outcome: BatchResult) -> list[tuple[int, str]]:
    return [(event.seq, event.type) for event in outcome.events]


def react(message_id: UUID, user: UUID, present: bool = True, kind: str = "heart") -> SetReaction:
    return SetReaction("r", message_id, user, kind, present)


def pin(message_id: UUID, by: UUID = OWNER, present: bool = True) -> SetPin:
    return SetPin("r", message_id, by, present)


def test_a_large_batch_pauses_after_every_slice_of_operations_and_of_events() -> None:
    batch_input = one_room()
    outcome, pauses = apply_counting_pauses([post("r") for _ in range(3 * SLICE)], batch_input)
    assert [event.seq for event in outcome.events] == list(range(1, 3 * SLICE + 1))
    # Between slices of operations, before the events, between slices of events, and at the end.
    assert pauses == 2 + 1 + 2 + 1


def filtered_room(rules: FilterRules) -> BatchInput:
    """A room whose filters have changed since the texts of the batch were checked."""
    batch_input = one_room()
    batch_input.rooms["r"].filter_version = 2
    batch_input.rooms["r"].refuses_repeats = rules.repeats == "refuse"
    batch_input.filters["r"] = TextFilter(2, rules)
    return batch_input


def test_a_batch_pauses_after_every_long_text_that_it_checks() -> None:
    batch_input = filtered_room(FilterRules(words=("spam",)))
    batch_input.filters["r"].build()
    texts = [post("r", "x" * MAX_TEXT_CODE_POINTS) for _ in range(25)]
    _, pauses = apply_counting_pauses(texts, batch_input)
    assert pauses == 24
    assert apply_counting_pauses([post("r", "y") for _ in range(SLICE)], batch_input)[1] == 0


def test_filters_are_never_built_under_the_lock_of_their_room() -> None:
    batch_input = filtered_room(FilterRules(words=("spam",)))
    earlier = post("r", "before")
    outcome, _ = apply_counting_pauses([earlier, post("r", "host", author=OWNER)], batch_input)
    changed, stored = outcome.results
    assert isinstance(changed, FiltersChanged) and isinstance(stored, MessageResult)
    assert changed.text_filter is batch_input.filters["r"] and not changed.text_filter.is_built
    assert len(outcome.events) == 1


def test_the_check_before_the_batch_and_a_host_cost_no_pause() -> None:
    batch_input = filtered_room(FilterRules(words=("spam",)))
    text = "x" * MAX_TEXT_CODE_POINTS
    checked = [replace(post("r", text), check=TextCheck(2)) for _ in range(25)]
    assert apply_counting_pauses(checked, batch_input)[1] == 0
    assert apply_counting_pauses([post("r", text, author=OWNER) for _ in range(25)], batch_input)[1] == 0
    assert not batch_input.filters["r"].is_built


def test_digests_of_long_texts_are_made_in_slices() -> None:
    rooms = filtered_room(FilterRules(repeats="refuse")).rooms
    posts = [post("r", "x" * MAX_TEXT_CODE_POINTS) for _ in range(25)]
    assert len(list(texts_to_compare(posts, rooms))) == 24
    checked = [replace(each, check=TextCheck(2, digest=b"d")) for each in posts]
    assert not list(texts_to_compare(checked, rooms))


def test_a_post_that_the_full_queue_refuses_is_not_remembered_as_a_repeat() -> None:
    batch_input = filtered_room(FilterRules(words=("spam",), words_action="hold", repeats="refuse"))
    batch_input.filters["r"].build()
    author = uuid.uuid4()
    batch_input.held_counts["r", author] = MAX_HELD_OF_PERSON
    outcome, _ = apply_counting_pauses([post("r", "spam", author=author)] * 2, batch_input)
    assert [result.extra["filter"] for result in outcome.results if isinstance(result, ChatError)] == [
        "words"
    ] * 2
    batch_input.held_counts.clear()
    outcome, _ = apply_counting_pauses([post("r", "spam", author=author)], batch_input)
    assert isinstance(outcome.results[0], MessageResult) and outcome.results[0].is_held
    assert len(outcome.recent_texts) == 1


def test_a_batch_of_one_slice_never_pauses() -> None:
    batch_input = one_room()
    _, pauses = apply_counting_pauses([post("r") for _ in range(SLICE)], batch_input)
    assert pauses == 0


def test_a_message_is_encoded_once_for_its_event_and_its_response(monkeypatch: pytest.MonkeyPatch) -> None:
    encode, encodings = orjson.dumps, list[object]()

    def count(value: object) -> bytes:
        encodings.append(value)
        return encode(value)

    monkeypatch.setattr(orjson, "dumps", count)
    outcome = apply(*(post("r") for _ in range(3)))
    assert len(encodings) == 3
    for event, result in zip(outcome.events, outcome.results, strict=True):
        assert isinstance(result, MessageResult)
        assert event.payload.endswith(b',"message":' + result.json + b"}")


def test_each_message_takes_the_next_seq() -> None:
    outcome = apply(post("r"), post("r"), last_seq=41)
    assert log(outcome) == [(42, "message.created"), (43, "message.created")]
    assert outcome.rooms["r"].last_seq == 43
    assert outcome.rooms["r"].message_count == 2


def test_a_duplicate_within_one_batch_takes_no_seq_and_gets_the_first_message() -> None:
    first = post("r", "first")
    again = post("r", "second", author=first.author_id, key=first.client_message_id)
    outcome = apply(first, again)
    assert log(outcome) == [(1, "message.created")]
    one, two = outcome.results
    assert isinstance(one, MessageResult) and isinstance(two, MessageResult)
    assert one.created and not two.created
    assert two.message == one.message


def test_a_refused_operation_fails_alone_and_leaves_no_hole() -> None:
    outcome = apply(post("r"), EditMessage("r", uuid.uuid4(), uuid.uuid4(), "x"), post("r"))
    assert log(outcome) == [(1, "message.created"), (2, "message.created")]
    refused = outcome.results[1]
    assert isinstance(refused, ChatError) and refused.code == "message_not_found"


def test_operations_on_one_message_are_applied_in_arrival_order() -> None:
    message = post("r", "one")
    outcome = apply(
        message,
        EditMessage("r", message.message_id, message.author_id, "two"),
        EditMessage("r", message.message_id, message.author_id, "two"),
        EditMessage("r", message.message_id, message.author_id, "three"),
    )
    texts = [orjson.loads(event.payload)["message"]["text"] for event in outcome.events]
    assert texts == ["one", "two", "three"]
    assert outcome.new_messages[message.message_id].text == "three"
    assert outcome.changed_messages == outcome.new_messages


def test_many_reactions_of_one_kind_become_one_event_with_the_final_count() -> None:
    message = post("r")
    users = [uuid.uuid4() for _ in range(30)]
    outcome = apply(message, *(react(message.message_id, user) for user in users))
    assert log(outcome) == [(1, "message.created"), (2, "reaction.changed")]
    event = orjson.loads(outcome.events[1].payload)
    assert event["count"] == 30
    assert event["added"] == [str(user) for user in users[:20]]
    assert outcome.events[1].conflate == f"{message.message_id}:heart"


def test_the_same_reaction_again_sends_nothing() -> None:
    message, user = post("r"), uuid.uuid4()
    outcome = apply(message, react(message.message_id, user), react(message.message_id, user))
    assert log(outcome) == [(1, "message.created"), (2, "reaction.changed")]
    assert [r.count for r in outcome.results if isinstance(r, ReactionResult)] == [1, 1]


def test_a_reaction_removed_in_the_same_batch_leaves_no_row() -> None:
    message, user = post("r"), uuid.uuid4()
    outcome = apply(message, react(message.message_id, user), react(message.message_id, user, present=False))
    assert not outcome.new_reactions and not outcome.removed_reactions
    assert orjson.loads(outcome.events[-1].payload)["count"] == 0


def test_only_author_and_owner_may_delete() -> None:
    message = post("r")
    stranger, owner = (DeleteMessage("r", message.message_id, who) for who in (uuid.uuid4(), OWNER))
    outcome = apply(message, stranger, owner, owner)
    assert log(outcome) == [(1, "message.created"), (2, "message.deleted")]
    refused = outcome.results[1]
    assert isinstance(refused, ChatError) and refused.code == "forbidden"


def test_no_event_carries_the_text_of_a_message_deleted_in_its_own_batch() -> None:
    message = post("r", "secret")
    edit = EditMessage("r", message.message_id, message.author_id, "still secret")
    outcome = apply(message, edit, DeleteMessage("r", message.message_id, message.author_id))
    assert log(outcome) == [(1, "message.created"), (2, "message.edited"), (3, "message.deleted")]
    assert not any(b"secret" in event.payload for event in outcome.events)


def test_a_reaction_to_a_deleted_message_is_refused() -> None:
    message = post("r")
    delete = DeleteMessage("r", message.message_id, message.author_id)
    outcome = apply(message, delete, react(message.message_id, uuid.uuid4()))
    refused = outcome.results[2]
    assert isinstance(refused, ChatError) and refused.code == "message_not_found"


def test_a_reply_to_an_unknown_message_is_refused() -> None:
    outcome = apply(replace(post("r"), reply_to=uuid.uuid4()))
    assert isinstance(outcome.results[0], ChatError)
    assert not outcome.events


def test_the_newest_pin_comes_first_and_pinning_again_sends_no_event() -> None:
    one, two = post("r"), post("r")
    outcome = apply(one, two, pin(one.message_id), pin(two.message_id), pin(one.message_id))
    assert [kind for _, kind in log(outcome)] == ["message.created"] * 2 + ["message.pinned"] * 2
    assert outcome.pinned_rooms["r"].pinned == [two.message_id, one.message_id]


def test_unpinning_names_the_message_and_sends_no_event_without_a_pin() -> None:
    message = post("r")
    unpin = pin(message.message_id, present=False)
    outcome = apply(message, unpin, pin(message.message_id), unpin)
    assert [kind for _, kind in log(outcome)] == ["message.created", "message.pinned", "message.unpinned"]
    assert orjson.loads(outcome.events[-1].payload)["message_id"] == str(message.message_id)
    assert outcome.pinned_rooms["r"].pinned == []


def test_only_the_owner_of_the_room_may_pin() -> None:
    message = post("r")
    outcome = apply(message, pin(message.message_id, by=message.author_id))
    refused = outcome.results[1]
    assert isinstance(refused, ChatError) and refused.code == "forbidden"
    assert not outcome.pinned_rooms


def test_a_pin_above_the_limit_is_refused_with_advice() -> None:
    messages = [post("r") for _ in range(MAX_PINNED + 1)]
    outcome = apply(*messages, *(pin(message.message_id) for message in messages))
    refused = outcome.results[-1]
    assert isinstance(refused, ChatError) and "unpin one first" in str(refused)
    assert len(outcome.pinned_rooms["r"].pinned) == MAX_PINNED


def edit(message: PostMessage, text: str) -> EditMessage:
    return EditMessage("r", message.message_id, message.author_id, text)


def test_an_edit_by_an_author_who_is_not_the_owner_unpins_the_message() -> None:
    message = post("r", "pinned")
    outcome = apply(message, pin(message.message_id), edit(message, "swapped"))
    assert [kind for _, kind in log(outcome)][2:] == ["message.unpinned", "message.edited"]
    assert outcome.pinned_rooms["r"].pinned == []


def test_an_edit_without_a_change_or_by_the_owner_keeps_the_pin() -> None:
    theirs, own = post("r", "theirs"), post("r", "own", author=OWNER)
    outcome = apply(
        theirs, own, pin(theirs.message_id), pin(own.message_id), edit(theirs, "theirs"), edit(own, "new")
    )
    assert [kind for _, kind in log(outcome)][4:] == ["message.edited"]
    assert outcome.pinned_rooms["r"].pinned == [own.message_id, theirs.message_id]


def test_edits_of_a_message_are_limited_and_do_not_use_up_its_pins() -> None:
    message = post("r", "0")
    edits = [edit(message, str(n + 1)) for n in range(MAX_EDITS + 1)]
    same = edit(message, str(MAX_EDITS))
    outcome = apply(message, *edits, same, pin(message.message_id))
    *_, refused, unchanged, pinned = outcome.results
    assert isinstance(refused, ChatError) and (refused.code, refused.status) == ("too_many", 409)
    assert isinstance(unchanged, MessageResult) and isinstance(pinned, MessageResult)
    assert outcome.new_messages[message.message_id].revisions == MAX_EDITS + 1


def test_pins_of_a_message_are_limited_but_it_can_always_be_unpinned_and_deleted() -> None:
    message = post("r")
    turns = [pin(message.message_id, present=n % 2 == 0) for n in range(2 * MAX_REVISIONS + 1)]
    outcome = apply(message, *turns, DeleteMessage("r", message.message_id, message.author_id))
    *_, unpinned, refused, deleted = outcome.results
    assert isinstance(unpinned, MessageResult) and isinstance(deleted, MessageResult)
    assert isinstance(refused, ChatError) and refused.code == "too_many"


def test_deleting_a_message_unpins_it_and_removes_its_text_from_all_events() -> None:
    message = post("r", "secret")
    delete = DeleteMessage("r", message.message_id, message.author_id)
    outcome = apply(message, pin(message.message_id), delete, pin(message.message_id))
    assert [kind for _, kind in log(outcome)] == ["message.created", "message.pinned", "message.deleted"]
    assert outcome.pinned_rooms["r"].pinned == []
    assert not any(b"secret" in event.payload for event in outcome.events)
    refused = outcome.results[-1]
    assert isinstance(refused, ChatError) and refused.code == "message_not_found"
