"""chat_server's settings, read once from the environment."""

from typing import Literal

from pydantic import Field, field_validator

from server_kit.settings import CommaSeparated, SharedSettings, checked_secret, checked_url, split_commas


class HeatSettings(SharedSettings):
    event_retention_s: float = Field(
        7 * 24 * 3600,
        ge=1,
        description="Age in seconds at which events leave the catch-up log; messages stay",
    )

    hotchat_enter_per_s: float = Field(5000, gt=0, description="Fetches a second at which a room turns hot")
    hotchat_exit_ratio: float = Field(
        0.7, gt=0, le=1, description="A hot room cools below this share of the entry rate"
    )
    hotchat_calm_ticks: int = Field(
        3, ge=1, description="Seconds below the exit rate until a hot room is cold again"
    )


class SchedulerSettings(HeatSettings):
    hotchat_secret: str = Field("", repr=False, description="Not used by the scheduler: it signs nothing")
    hotchat_secrets_old: CommaSeparated = Field((), repr=False, description="Not used by the scheduler")
    scheduler_metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of the scheduler's /metrics; 0: none"
    )


class ChatSettings(HeatSettings):
    database_url: str = Field(
        "postgresql://hotchat@127.0.0.1:5432/hotchat",
        repr=False,
        description="Postgres, postgresql://user:password@host/db",
    )
    database_pool_size: int = Field(
        10,
        ge=4,
        le=200,
        description="Postgres connections of one process for requests; writer, search, room lists, health, "
        "background work and publish_server's calls have 14 more of their own",
    )
    hotchat_admin_token: str = Field(
        "",
        repr=False,
        description="Bearer token of the operator, at least 16 characters; empty: no operator calls",
    )
    public_stream_url: str = Field(
        "",
        description="Where browsers open streams; same-origin: behind an edge, where they came from; "
        "empty: the request's own host with PUBLISH_PORT",
    )
    reaction_kinds: CommaSeparated = Field(
        ("heart", "sad", "laugh"), description="Reactions people may give, comma separated"
    )
    embed_frame_ancestors: str = Field(
        "*", description="CSP sources whose pages may show /embed/rooms/{room_id} in a frame, space separated"
    )
    spa_dir: str = Field("", description="Folder of the built page to serve at /; empty: serve none")

    chat_workers: int = Field(1, ge=1, description="chat_server processes in all, for a warning at the start")

    hotchat_mode: Literal["enforce", "shadow", "off"] = Field(
        "enforce", description="enforce: refuse; shadow: count and report only; off: neither"
    )
    hotchat_strategy: Literal["adaptive", "refuse_all"] = Field(
        "adaptive",
        description="adaptive: refuse clients over their share; refuse_all: every fetch of a hot room",
    )
    hot_fetch_per_client_per_s: float = Field(
        2, gt=0, description="Fetches a second a client keeps in a hot room"
    )
    hot_fetch_burst: int = Field(10, ge=1, description="Fetches a client may make at once in a hot room")

    posts_per_user_per_s: float = Field(
        5, ge=0, description="Writes a second of one user in one room; 0: no limit"
    )
    posts_per_room_per_s: float = Field(0, ge=0, description="Writes a second in one room; 0: no limit")
    sessions_per_address_per_min: float = Field(
        60, ge=0, description="New sessions a minute of one address; 0: no limit"
    )
    operator_guesses_per_address_per_min: float = Field(
        10, ge=0, description="Wrong operator tokens a minute of one address; 0: no limit"
    )
    fetches_per_address_per_s: float = Field(
        100, ge=0, description="Fetches of cold rooms a second of one address; 0: no limit (see Shares)"
    )
    room_lists_per_address_per_s: float = Field(
        50, ge=0, description="Lists of rooms a second of one address; 0: no limit (see Shares)"
    )
    page_loads_per_address_per_s: float = Field(
        50, ge=0, description="Loads of the page a second of one address; 0: no limit (see Shares)"
    )
    searches_per_address_per_s: float = Field(
        10, ge=0, description="Searches a second of one address; 0: no limit (see Shares)"
    )
    session_ends_per_user_per_min: float = Field(
        10, ge=0, description="Ends of sessions a minute of one user; 0: no limit (see Shares)"
    )
    posts_per_address_per_s: float = Field(
        60, ge=0, description="New messages over all rooms a second of one address; 0: no limit (see Shares)"
    )
    edits_per_address_per_s: float = Field(
        20, ge=0, description="Edits a second of one address; 0: no limit (see Shares)"
    )
    deletions_per_address_per_s: float = Field(
        30, ge=0, description="Deletions of messages a second of one address; 0: no limit (see Shares)"
    )
    reactions_per_address_per_s: float = Field(
        100,
        ge=0,
        description="Reactions given or taken back a second of one address; 0: no limit (see Shares)",
    )
    pins_per_address_per_min: float = Field(
        120, ge=0, description="Pins and unpins a minute of one address; 0: no limit (see Shares)"
    )
    typing_per_address_per_s: float = Field(
        60, ge=0, description="Typing signals a second of one address; 0: no limit (see Shares)"
    )
    room_creations_per_address_per_min: float = Field(
        60, ge=0, description="New rooms a minute of one address; 0: no limit (see Shares)"
    )
    room_changes_per_address_per_min: float = Field(
        120, ge=0, description="Changes of rooms a minute of one address; 0: no limit (see Shares)"
    )

    _split_kinds = field_validator("reaction_kinds", mode="before")(split_commas)

    @field_validator("database_url")
    @classmethod
    def _is_postgres(cls, value: str) -> str:
        return checked_url(value, "postgresql", "postgres", "postgresql+asyncpg")

    @field_validator("hotchat_admin_token")
    @classmethod
    def _is_long_enough(cls, value: str) -> str:
        return checked_secret(value) if value else value

    @field_validator("public_stream_url")
    @classmethod
    def _is_where_streams_are(cls, value: str) -> str:
        return value if value in ("", "same-origin") else checked_url(value, "http", "https")
