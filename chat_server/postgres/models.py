"""The tables. Postgres is the only durable store; all other state can be lost and is rebuilt from here.

The hot tables have no foreign keys: the writer reads rooms and messages under the room's lock, and the rows of a
deleted room are erased after it. A key check for each row would cost 10 % of a post.
"""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    type_annotation_map: ClassVar[dict[type, Any]] = {
        str: Text,
        UUID: postgresql.UUID(as_uuid=True),
        datetime: DateTime(timezone=True),
        int: BigInteger,
    }


class User(Base):
    """Tokens carry the generation they were issued in; ending all sessions of a user starts the next generation."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    nickname: Mapped[str]
    created_at: Mapped[datetime]
    generation: Mapped[int] = mapped_column(Integer, server_default="0")


class EndedSession(Base):
    """`id` is a session's or a user's: its tokens of generations below `below_generation` are no longer valid."""

    __tablename__ = "ended_sessions"
    __table_args__ = (Index("ended_sessions_by_time", "ended_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    below_generation: Mapped[int] = mapped_column(Integer)
    ended_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class IdempotencyKey(Base):
    """The stored response to the POST that carried this key."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("idempotency_keys_by_age", "created_at"),)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_hash: Mapped[bytes]
    status: Mapped[int] = mapped_column(Integer)
    answer: Mapped[str]
    created_at: Mapped[datetime]


class Room(Base):
    """`last_seq` is incremented under this row's lock, so seq has no holes and commit order is seq order.

    `active_at` has a resolution of one second, so that most updates of a busy room skip the index (heap-only tuples).
    `owner_nickname` and `moderators` hold names at the time of appointment, so that no read needs a join. `has_bans` is
    true from the first ban or purge on: until then writes need no query for bans. `filter_version` grows with each
    change of the room's filters; 0: there never were any. `has_held`: a filter has ever held a message.
    `access_version` grows whenever somebody may no longer read the room. `has_erasures`: an erasure is under way.
    `shown_visibility` is set while the operator hides the room: the visibility that it has without that.
    `calm_full_at`: when the calm lane may show its longest burst again, see messages/calm_sampling.py.
    """

    __tablename__ = "rooms"
    __table_args__ = (
        Index(
            "rooms_listed",
            text("active_at DESC"),
            "id",
            postgresql_where=text("visibility = 'public'"),
        ),
        Index("rooms_by_creation", text("created_at DESC"), "id"),
        Index(
            "rooms_by_owner",
            "owner_id",
            text("active_at DESC"),
            "id",
            postgresql_where=text("owner_id IS NOT NULL"),
        ),
        Index(
            "rooms_by_moderator",
            "moderators",
            postgresql_using="gin",
            postgresql_ops={"moderators": "jsonb_path_ops"},
        ),
        {"postgresql_with": {"fillfactor": 50}},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    visibility: Mapped[str] = mapped_column(server_default="public")
    owner_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id"))
    last_seq: Mapped[int] = mapped_column(server_default="0")
    message_count: Mapped[int] = mapped_column(server_default="0")
    slow_mode_s: Mapped[int] = mapped_column(Integer, server_default="0")
    slow_mode_target: Mapped[float | None] = mapped_column(postgresql.DOUBLE_PRECISION)
    pinned: Mapped[list[UUID]] = mapped_column(
        postgresql.ARRAY(postgresql.UUID(as_uuid=True)), server_default="{}"
    )
    created_at: Mapped[datetime]
    active_at: Mapped[datetime]
    owner_nickname: Mapped[str | None]
    moderators: Mapped[list[dict[str, str]]] = mapped_column(postgresql.JSONB, server_default="[]")
    who_can_post: Mapped[str] = mapped_column(server_default="everyone")
    regular_after_s: Mapped[int] = mapped_column(Integer, server_default="86400")
    has_bans: Mapped[bool] = mapped_column(Boolean, server_default="false")
    recovery_code_hash: Mapped[bytes | None]
    recovered_by: Mapped[UUID | None]
    recovered_at: Mapped[datetime | None]
    filter_version: Mapped[int] = mapped_column(Integer, server_default="0")
    refuses_repeats: Mapped[bool] = mapped_column(Boolean, server_default="false")
    has_held: Mapped[bool] = mapped_column(Boolean, server_default="false")
    access_version: Mapped[int] = mapped_column(server_default="1")
    has_erasures: Mapped[bool] = mapped_column(Boolean, server_default="false")
    shown_visibility: Mapped[str | None]
    calm_full_at: Mapped[datetime | None]


class RoomFilters(Base):
    """The filters of a room, as FilterRules in JSON. A room that never had filters has no row."""

    __tablename__ = "room_filters"

    room_id: Mapped[str] = mapped_column(primary_key=True)
    rules: Mapped[dict[str, Any]] = mapped_column(postgresql.JSONB)


class HeldMessage(Base):
    """A post that a filter holds until a host decides. `state`: `held` or `refused`; an allowed one is a message.

    A refused one keeps its key without its text, so that a repeat is refused, too. Retention deletes old rows.
    """

    __tablename__ = "held_messages"
    __table_args__ = (
        UniqueConstraint("author_id", "client_message_id", "room_id", name="held_messages_idempotency"),
        Index("held_messages_by_room", "room_id", "state", text("id DESC")),
        Index("held_messages_by_age", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    room_id: Mapped[str]
    author_id: Mapped[UUID]
    author_nickname: Mapped[str]
    client_message_id: Mapped[UUID]
    text: Mapped[str]
    reply_to: Mapped[UUID | None]
    filter: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="held")
    created_at: Mapped[datetime]


class Report(Base):
    """A person reports a message to the hosts. `state`: `open`, `resolved` by a host, or `closed` with its message."""

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("message_id", "reporter_id", name="reports_by_message"),
        Index("reports_by_room", "room_id", "state", text("id DESC")),
        Index("reports_open", "room_id", "message_id", postgresql_where=text("state = 'open'")),
        Index("reports_by_reporter", "reporter_id", "id"),
        Index("reports_by_age", "created_at"),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    room_id: Mapped[str]
    message_id: Mapped[UUID]
    reporter_id: Mapped[UUID]
    reporter_nickname: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    created_at: Mapped[datetime]


class RecentText(Base):
    """A person sent this text in a room that refuses repeats. Retention deletes rows after REPEAT_WITHIN_S."""

    __tablename__ = "recent_texts"
    __table_args__ = (Index("recent_texts_by_age", "posted_at"),)

    room_id: Mapped[str] = mapped_column(primary_key=True)
    author_id: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    posted_at: Mapped[datetime]


class Member(Base):
    """A person who may read a private room without being one of its hosts."""

    __tablename__ = "members"
    __table_args__ = (Index("members_by_user", "user_id", "room_id"),)

    room_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    nickname: Mapped[str]
    joined_at: Mapped[datetime]


class Invite(Base):
    """A link that gives its bearer a role in the room. Only a hash of its code is stored."""

    __tablename__ = "invites"
    __table_args__ = (
        UniqueConstraint("code_hash", name="invites_code_hash_key"),
        Index("invites_by_room", "room_id", text("created_at DESC"), "id"),
        Index("invites_by_end", "expires_at"),
        Index("invites_by_maker", "created_by"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    room_id: Mapped[str]
    code_hash: Mapped[bytes]
    role: Mapped[str]
    created_by: Mapped[UUID]
    created_by_nickname: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    uses_left: Mapped[int] = mapped_column(Integer)


class InviteUse(Base):
    """A person who accepted an invite. `is_granted` once the role is theirs: a repeat must not give it again."""

    __tablename__ = "invite_uses"
    __table_args__ = (
        Index("invite_uses_by_room", "room_id", "invite_id", "user_id"),
        Index("invite_uses_by_user", "user_id"),
    )

    invite_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    room_id: Mapped[str]
    is_granted: Mapped[bool] = mapped_column(Boolean)


class DeletedRoom(Base):
    """A deleted room. Its id is never given again. `erased_at` is set once none of its rows is left in other tables."""

    __tablename__ = "deleted_rooms"
    __table_args__ = (
        Index("deleted_rooms_to_erase", "deleted_at", postgresql_where=text("erased_at IS NULL")),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    deleted_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]


class Message(Base):
    """One message. `reactions` holds the counts, so that a page needs one index scan; zero counts are left out.

    `Room.message_count` counts creations and never decreases: unread badges subtract two of its values. `calm` is
    false if the calm lane leaves the message out, otherwise null.
    Reads use VISIBLE_MESSAGES.
    """

    __tablename__ = "messages"
    __table_args__ = (
        UniqueConstraint("room_id", "seq", name="messages_by_seq"),
        UniqueConstraint("author_id", "client_message_id", "room_id", name="messages_idempotency"),
        {"postgresql_with": {"fillfactor": 85}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    room_id: Mapped[str]
    seq: Mapped[int]
    author_id: Mapped[UUID]
    author_nickname: Mapped[str]
    client_message_id: Mapped[UUID]
    text: Mapped[str]
    reply_to: Mapped[UUID | None]
    created_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    deleted: Mapped[bool] = mapped_column(Boolean, server_default="false")
    reactions: Mapped[dict[str, int]] = mapped_column(postgresql.JSONB, server_default="{}")
    revisions: Mapped[int] = mapped_column(Integer, server_default="0")
    author_role: Mapped[str | None]
    calm: Mapped[bool | None] = mapped_column(Boolean)


VISIBLE_MESSAGES: Final[Table] = Message.metadata.tables["messages"].to_metadata(
    MetaData(), name="visible_messages"
)
"""The view of messages in which those that a purge covers look deleted. Every read uses it.

`author_id` may be that of an erased person; `written_by`, which has an index, is the stored author.
"""
VISIBLE_MESSAGES.append_column(Column("written_by", postgresql.UUID(as_uuid=True)))


class Reaction(Base):
    __tablename__ = "reactions"
    __table_args__ = (Index("reactions_mine", "room_id", "user_id", "message_seq"),)

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    room_id: Mapped[str]
    message_seq: Mapped[int]


class Event(Base):
    """The catch-up log. `payload` is text, not jsonb, because it is sent byte for byte.

    `message_id` is set on edits and pins only, so that a deletion finds every event that carries the text.
    """

    __tablename__ = "events"
    __table_args__ = (
        Index("events_edits", "message_id", postgresql_where=text("message_id IS NOT NULL")),
        Index("events_by_age", "created_at", postgresql_using="brin"),
    )

    room_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str]
    message_id: Mapped[UUID | None]
    conflate: Mapped[str | None]
    payload: Mapped[str]
    created_at: Mapped[datetime]


class Tombstone(Base):
    """A deleted message whose text is still in stored events. `message` is its JSON after the deletion.

    The deletion's transaction writes it. Reads substitute `message` for the text until the erasure has rewritten the
    events and deletes this row.
    """

    __tablename__ = "tombstones"
    __table_args__ = (
        Index("tombstones_by_room", "room_id", "seq"),
        Index("tombstones_by_age", "created_at"),
    )

    message_id: Mapped[UUID] = mapped_column(primary_key=True)
    room_id: Mapped[str]
    seq: Mapped[int]
    message: Mapped[str]
    created_at: Mapped[datetime]


class Ban(Base):
    """`until` None: for good. Expired bans have no effect; retention deletes them. `actor_id` None: the operator.

    `address_hash` is set if the person was banned because their session was made from a banned address. Such a ban is
    not `is_seen` until the person tries to write in the room: hosts must not learn who else uses an address.
    """

    __tablename__ = "bans"
    __table_args__ = (
        Index("bans_by_age", "room_id", text("created_at DESC"), "user_id", postgresql_where=text("is_seen")),
        Index("bans_by_user", "user_id"),
        Index("bans_by_actor", "actor_id"),
        Index("bans_by_end", "until", postgresql_where=text("until IS NOT NULL")),
        Index(
            "bans_by_address", "room_id", "address_hash", postgresql_where=text("address_hash IS NOT NULL")
        ),
    )

    room_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    nickname: Mapped[str]
    until: Mapped[datetime | None]
    reason: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    actor_nickname: Mapped[str]
    created_at: Mapped[datetime]
    address_hash: Mapped[bytes | None]
    is_seen: Mapped[bool] = mapped_column(Boolean, server_default=text("true"))


class ServerBan(Base):
    """A ban from all rooms, which the operator has made. `until` None: for good. Retention deletes ended ones.

    `purge_due`: when a process may take the next step of deleting what the person wrote; None: nothing is left to
    delete. `purged_up_to` and `purged_up_to_room` are the client_message_id and the room of the last message that a
    step has seen, in the order of the index messages_idempotency. `address_hash` is set if the person was banned
    because their session was made from a banned address.
    """

    __tablename__ = "server_bans"
    __table_args__ = (
        Index("server_bans_by_address", "address_hash", postgresql_where=text("address_hash IS NOT NULL")),
        Index("server_bans_by_age", text("created_at DESC"), "user_id"),
        Index("server_bans_by_end", "until", postgresql_where=text("until IS NOT NULL")),
        Index("server_bans_to_purge", "purge_due", postgresql_where=text("purge_due IS NOT NULL")),
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    nickname: Mapped[str]
    until: Mapped[datetime | None]
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    purge_due: Mapped[datetime | None]
    purged_up_to: Mapped[UUID] = mapped_column(server_default="00000000-0000-0000-0000-000000000000")
    purged_up_to_room: Mapped[str] = mapped_column(server_default="")
    address_hash: Mapped[bytes | None]


class SettingOverride(Base):
    """The operator's value of a setting. `environment`: what the environment said when the override was made."""

    __tablename__ = "setting_overrides"

    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Any] = mapped_column(postgresql.JSONB)
    environment: Mapped[Any] = mapped_column(postgresql.JSONB)
    changed_at: Mapped[datetime]


class ShareExemption(Base):
    """A key of an address that the operator has exempted from the shares of addresses for some hours."""

    __tablename__ = "share_exemptions"

    address: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class UserAddress(Base):
    """The last address of a person, as a keyed hash. Retention deletes it after a day."""

    __tablename__ = "user_addresses"
    __table_args__ = (Index("user_addresses_by_age", "seen_at"),)

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    address_hash: Mapped[bytes]
    seen_at: Mapped[datetime]


class AddressBan(Base):
    """Sessions made from this address from now on are banned from the room, or from all rooms if `room_id` is empty.

    `user_id`: whose ban holds the address. It is free once no ban holds it.
    """

    __tablename__ = "address_bans"
    __table_args__ = (
        Index("address_bans_by_address", "address_hash", "room_id", text("until DESC")),
        Index("address_bans_by_user", "user_id"),
        Index("address_bans_by_actor", "actor_id"),
        Index("address_bans_by_end", "until", postgresql_where=text("until IS NOT NULL")),
    )

    room_id: Mapped[str] = mapped_column(primary_key=True)
    address_hash: Mapped[bytes] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    until: Mapped[datetime | None]
    reason: Mapped[str | None]
    actor_id: Mapped[UUID | None]
    actor_nickname: Mapped[str]
    created_at: Mapped[datetime]


class PurgeMark(Base):
    """The messages of one author up to a seq are deleted, and their rows must still be rewritten.

    `erased_as`: their author had themselves erased, and is shown under this id.
    `converted_up_to` and `converted_up_to_room` are the client_message_id and the room of the author's last converted
    row. Rows are converted in the order of the index messages_idempotency.
    """

    __tablename__ = "purge_marks"
    __table_args__ = (
        Index("purge_marks_by_age", "created_at"),
        Index("purge_marks_erased", "author_id", postgresql_where=text("erased_as IS NOT NULL")),
    )

    room_id: Mapped[str] = mapped_column(primary_key=True)
    author_id: Mapped[UUID] = mapped_column(primary_key=True)
    up_to_seq: Mapped[int]
    created_at: Mapped[datetime]
    converted_up_to: Mapped[UUID] = mapped_column(server_default="00000000-0000-0000-0000-000000000000")
    converted_up_to_room: Mapped[str] = mapped_column(server_default="")
    erased_as: Mapped[UUID | None]


class Erasure(Base):
    """A person who had themselves erased, and how far the work is. `erased_as` is removed at its end.

    `position` is where the stage goes on, as JSON. `due`: when the next step may begin, later after each of the
    `failures` since the last step that succeeded. The row stays as long as a token of the person might, so that a
    repeated request gets the same answer.
    """

    __tablename__ = "erasures"
    __table_args__ = (
        Index("erasures_to_do", "stage", "due", postgresql_where=text("erased_as IS NOT NULL")),
        Index("erasures_by_age", "requested_at"),
    )

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    erased_as: Mapped[UUID | None]
    requested_at: Mapped[datetime]
    stage: Mapped[int] = mapped_column(Integer, server_default="0")
    position: Mapped[str] = mapped_column(server_default="")
    due: Mapped[datetime] = mapped_column(server_default=func.now())
    failures: Mapped[int] = mapped_column(Integer, server_default="0")


class ErasedInRoom(Base):
    """Stored events of the room may still name an erased person; reads replace the id and the name."""

    __tablename__ = "erased_in_rooms"
    __table_args__ = (Index("erased_in_rooms_by_user", "user_id"),)

    room_id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    erased_as: Mapped[UUID]


class ModerationLogEntry(Base):
    """One action of a host, or of the operator (`actor_id` None). Only an erasure changes rows: it replaces people.

    `room_id` is empty for actions on the whole server, and on rooms whose log goes with them.
    """

    __tablename__ = "moderation_log"
    __table_args__ = (
        Index("moderation_log_by_room", "room_id", text("id DESC")),
        Index("moderation_log_by_actor", "actor_id"),
        Index("moderation_log_by_target", "target_id"),
        Index("moderation_log_of_operator", text("id DESC"), postgresql_where=text("actor_id IS NULL")),
    )

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    room_id: Mapped[str]
    at: Mapped[datetime]
    actor_id: Mapped[UUID | None]
    actor_nickname: Mapped[str]
    action: Mapped[str]
    target_id: Mapped[UUID | None]
    target_nickname: Mapped[str | None]
    details: Mapped[dict[str, Any]] = mapped_column(postgresql.JSONB, server_default="{}")


class OutboxRow(Base):
    """An event that Kafka has not acknowledged. Rows are deleted in batches; the relay leases and resends old ones."""

    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_by_age", "created_at"),)

    room_id: Mapped[str] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
