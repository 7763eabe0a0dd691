"""Rooms on the wire."""

from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from chat_contract.events import Author, Heat, LastMessage, SlowMode, SlowModeKind, Visibility, WhoCanPost
from chat_contract.limits import ROOM_ID_PATTERN
from chat_server.filters.rules import FilterChange, letters_of
from chat_server.limits.slow_mode_store import MAX_SLOW_MODE_S
from chat_server.rooms.room_id import clean_new_room_id
from chat_server.rooms.slow_mode_rule import SlowModeRule
from chat_server.text.names import clean_line, clean_room_name
from chat_server.text.reason import Reason

RoomName = Annotated[str, AfterValidator(clean_room_name)]


MAX_REGULAR_AFTER_S: Final = 365 * 24 * 3600
MIN_TARGET_POSTS_PER_S: Final = 0.1
MAX_TARGET_POSTS_PER_S: Final = 1_000
MAX_FILTER_WORDS: Final = 500
MAX_FILTER_WORD_CODE_POINTS: Final = 100
MAX_FILTER_LETTERS: Final = 5_000
"""Of all words of a room in folded form. To build their automaton takes about 4 ms of CPU time."""

FilterWord = Annotated[
    str, AfterValidator(lambda raw: clean_line(raw, MAX_FILTER_WORD_CODE_POINTS, "A word of a filter"))
]


class RoomRequest(BaseModel):
    """`id` is made from the name when absent; that of a private room cannot be chosen."""

    name: RoomName
    id: Annotated[str, Field(pattern=ROOM_ID_PATTERN), AfterValidator(clean_new_room_id)] | None = None
    visibility: Visibility = "public"

    @model_validator(mode="after")
    def _has_no_chosen_private_id(self) -> Self:
        if self.visibility == "private" and self.id is not None:
            raise ValueError("The server makes the id of a private room; leave id out.")
        return self


class SlowModePatch(BaseModel):
    """`seconds` belongs to `fixed`, `target_posts_per_s` to `auto`, which needs it."""

    model_config = ConfigDict(extra="forbid")

    mode: SlowModeKind
    seconds: Annotated[int, Field(strict=True, ge=0, le=MAX_SLOW_MODE_S)] = 0
    target_posts_per_s: (
        Annotated[
            float,
            Field(strict=True, ge=MIN_TARGET_POSTS_PER_S, le=MAX_TARGET_POSTS_PER_S, allow_inf_nan=False),
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _has_a_target_for_auto(self) -> Self:
        if self.mode == "auto" and self.target_posts_per_s is None:
            raise ValueError(
                "Give target_posts_per_s with the mode auto: the posts a second that people can read."
            )
        return self

    @property
    def rule(self) -> SlowModeRule:
        """Without what belongs to other modes, so that a client may send a whole `slow_mode` back."""
        return SlowModeRule(
            self.seconds if self.mode == "fixed" else 0,
            self.target_posts_per_s if self.mode == "auto" else None,
        )


class FiltersPatch(BaseModel):
    """The filters to change. Absent fields keep their values; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")

    words: Annotated[list[FilterWord], Field(max_length=MAX_FILTER_WORDS)] | None = None
    words_action: Literal["hold", "refuse"] | None = None
    links: Literal["allow", "hold", "refuse"] | None = None
    repeats: Literal["allow", "refuse"] | None = None

    @field_validator("words")
    @classmethod
    def _have_few_letters(cls, words: list[str] | None) -> list[str] | None:
        if words is not None and letters_of(words) > MAX_FILTER_LETTERS:
            raise ValueError(
                f"The words of a filter have at most {MAX_FILTER_LETTERS:,} characters in all; remove some of them."
            )
        return words

    def change(self) -> FilterChange:
        words = None if self.words is None else tuple(dict.fromkeys(self.words))
        return FilterChange(
            words=words, words_action=self.words_action, links=self.links, repeats=self.repeats
        )


class RoomPatch(BaseModel):
    """The fields to change. Absent fields keep their values; an unknown field is an error.

    `slow_mode_s` sets the same as `slow_mode`: 0 means `off`, more means `fixed`.
    """

    model_config = ConfigDict(extra="forbid")

    name: RoomName | None = None
    visibility: Visibility | None = None
    slow_mode_s: Annotated[int, Field(ge=0, le=MAX_SLOW_MODE_S)] | None = None
    slow_mode: SlowModePatch | None = None
    who_can_post: WhoCanPost | None = None
    regular_after_s: Annotated[int, Field(strict=True, ge=0, le=MAX_REGULAR_AFTER_S)] | None = None
    filters: FiltersPatch | None = None
    reason: Annotated[Reason | None, Field(description="For the audit log")] = None

    @model_validator(mode="after")
    def _has_one_slow_mode(self) -> Self:
        if self.slow_mode is not None and self.slow_mode_s is not None:
            raise ValueError("Give slow_mode or slow_mode_s, not both.")
        return self

    @property
    def slow_mode_rule(self) -> SlowModeRule | None:
        """None: it stays as it is."""
        if self.slow_mode is not None:
            return self.slow_mode.rule
        return None if self.slow_mode_s is None else SlowModeRule(self.slow_mode_s)


class RoomSummary(BaseModel):
    """`message_count` counts creations and never goes down: unread badges subtract two of its values."""

    id: str
    name: str
    visibility: Annotated[Visibility, Field(description="`public`, `unlisted` or `private`")]
    owner_id: Annotated[
        str | None, Field(description="User id; null for `lobby`, which exists from the start")
    ]
    last_seq: Annotated[int, Field(description="The room's newest seq; 0 before the first event")]
    message_count: Annotated[
        int, Field(description="Messages ever created; unread counts are differences of it")
    ]
    heat: Heat
    slow_mode_s: Annotated[
        int,
        Field(
            description="Seconds between two messages of one author, as they are in force now; 0: nobody waits"
        ),
    ]
    viewers: Annotated[
        int, Field(description="Open streams over all publish_servers, at most a few seconds old")
    ]


class ListedRoom(RoomSummary):
    """A room of the list; `last_message` is null until somebody has written."""

    last_message: Annotated[LastMessage | None, Field(description="Null before the first message")]


class RoomView(RoomSummary):
    """A room with its hosts and its rules."""

    owner: Annotated[Author | None, Field(description="Null for a room without an owner")]
    moderators: Annotated[list[Author], Field(description="At most 100, in the order of appointment")]
    who_can_post: Annotated[WhoCanPost, Field(description="`everyone`, `regulars` or `moderators`")]
    regular_after_s: Annotated[
        int, Field(description="The age in seconds of a user id that makes its person a regular")
    ]
    slow_mode: SlowMode


class FiltersView(BaseModel):
    """What the room does not allow in messages of guests."""

    words: list[str]
    words_action: Annotated[
        Literal["hold", "refuse"], Field(description="What happens to messages with a word")
    ]
    links: Annotated[
        Literal["allow", "hold", "refuse"], Field(description="What happens to messages with a link")
    ]
    repeats: Annotated[
        Literal["allow", "refuse"],
        Field(description="What happens to a text that its author sent in the last 10 minutes"),
    ]


class RoomWithFilters(RoomView):
    """The response to a change of a room."""

    filters: Annotated[FiltersView, Field(description="For hosts only")]


class RoomWithCode(RoomView):
    """The response that shows a recovery code once. Whoever presents the code becomes the room's owner."""

    recovery_code: Annotated[
        str | None, Field(description="Null if the caller is no longer the owner, in a repeated response")
    ]


class MyRoom(RoomView):
    """A room in which the caller has a role."""

    last_message: Annotated[LastMessage | None, Field(description="Null before the first message")]
    role: Annotated[str, Field(description="`owner`, `moderator` or `member`")]


class MyRooms(BaseModel):
    rooms: list[MyRoom]
    next_cursor: Annotated[str | None, Field(description="Opaque; null at the end")]


class RoomList(BaseModel):
    rooms: list[ListedRoom]
    next_cursor: Annotated[str | None, Field(description="Opaque; null at the end")]
