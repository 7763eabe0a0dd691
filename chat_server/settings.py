"""chat_server's settings, read once from the environment."""

from typing import Annotated, Final, Literal

from pydantic import Field, SecretStr

from server_kit.settings import (
    CommaSeparated,
    OptionalSecret,
    PostgresUrl,
    ProcessSettings,
    ServerSettings,
    share_limit,
    url,
)

MAX_PER_S: Final = 1_000_000_000
MAX_CALM_TICKS: Final = 86_400
MIN_FETCH_PER_CLIENT_PER_S: Final = 0.001
MAX_FETCH_BURST: Final = 1_000_000

# The operator may override these while the servers run, within the same bounds (hotchat/heat_rules.py).
HeatMode = Literal["enforce", "shadow", "off"]
Strategy = Literal["adaptive", "refuse_all"]
EnterPerS = Annotated[float, Field(gt=0, le=MAX_PER_S)]
ExitRatio = Annotated[float, Field(gt=0, le=1)]
CalmTicks = Annotated[int, Field(ge=1, le=MAX_CALM_TICKS)]
FetchPerClientPerS = Annotated[float, Field(ge=MIN_FETCH_PER_CLIENT_PER_S, le=MAX_PER_S)]
FetchBurst = Annotated[int, Field(ge=1, le=MAX_FETCH_BURST)]


class HeatSettings(ProcessSettings):
    """When a room is hot, and what follows; chat_server and the scheduler read them."""

    hotchat_mode: HeatMode = Field(
        "enforce", description="enforce: refuse; shadow: count and report only; off: neither"
    )

    hotchat_enter_per_s: EnterPerS = Field(5000, description="Fetches a second at which a room turns hot")
    hotchat_exit_ratio: ExitRatio = Field(
        0.7, description="A hot room cools below this share of the entry rate"
    )
    hotchat_calm_ticks: CalmTicks = Field(
        3, description="Seconds below the exit rate until a hot room is cold again"
    )


class SchedulerSettings(HeatSettings):
    scheduler_metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of the scheduler's /metrics; 0: none"
    )


StreamUrl = Annotated[str, url("http", "https", words=("", "same-origin"))]
PublicUrl = Annotated[str, url("http", "https", words=("",))]


class ChatSettings(HeatSettings, ServerSettings):
    database_url: PostgresUrl = Field(
        SecretStr("postgresql://hotchat@127.0.0.1:5432/hotchat"),
        description="Postgres, postgresql://user:password@host/db",
    )
    database_pool_size: int = Field(
        10,
        ge=4,
        le=200,
        description="Postgres connections of one process for requests; writer, search, room lists, health, "
        "exports, background work, the control room and publish_server's calls have 18 more of their own",
    )
    event_retention_s: float = Field(
        7 * 24 * 3600,
        ge=1,
        description="Age in seconds at which events leave the catch-up log; messages stay",
    )
    hotchat_admin_token: OptionalSecret = Field(
        SecretStr(""),
        description="Bearer token of the operator, at least 16 characters; empty: no operator calls",
    )
    room_creation: Literal["everyone", "operator"] = Field(
        "everyone", description="Who can create rooms: everyone, or only the operator, who hands them over"
    )
    sessions: Literal["open", "identity", "closed"] = Field(
        "open",
        description="Who gets a new session. open: anyone with a nickname; identity and closed: nobody by themselves. "
        "The operator's token can always make a session for somebody, so your own site can do so for people it "
        "knows; with identity, everybody else reads that they come in through that site. There is no other sign-in "
        "yet. Existing sessions stay",
    )
    public_stream_url: StreamUrl = Field(
        "",
        description="Where browsers open streams; same-origin: behind an edge, where they came from; "
        "empty: the request's own host with PUBLISH_PORT",
    )
    public_url: PublicUrl = Field(
        "", description="Where browsers reach the app, for links; empty: localhost with CHAT_PORT"
    )
    reaction_kinds: CommaSeparated = Field(
        ("heart", "sad", "laugh"), description="Reactions people may give, comma separated"
    )
    embed_frame_ancestors: str = Field(
        "*", description="CSP sources whose pages may show /embed/rooms/{room_id} in a frame, space separated"
    )
    spa_dir: str = Field("", description="Folder of the built app to serve at /; empty: serve none")

    chat_workers: int = Field(1, ge=1, description="chat_server processes in all, for a warning at the start")

    hotchat_strategy: Strategy = Field(
        "adaptive",
        description="adaptive: refuse clients over their share; refuse_all: every fetch of a hot room",
    )
    hot_fetch_per_client_per_s: FetchPerClientPerS = Field(
        2, description="Fetches a second a client keeps in a hot room"
    )
    hot_fetch_burst: FetchBurst = Field(10, description="Fetches a client may make at once in a hot room")

    posts_per_user_per_s: float = Field(
        5, ge=0, description="Writes a second of one user in one room; 0: no limit"
    )
    posts_per_room_per_s: float = Field(0, ge=0, description="Writes a second in one room; 0: no limit")
    sessions_per_address_per_min: float = share_limit(60, "New sessions a minute of one address")
    operator_guesses_per_address_per_min: float = share_limit(
        10, "Wrong operator tokens a minute of one address"
    )
    fetches_per_address_per_s: float = share_limit(100, "Fetches of cold rooms a second of one address")
    room_lists_per_address_per_s: float = share_limit(50, "Lists of rooms a second of one address")
    page_loads_per_address_per_s: float = share_limit(50, "Loads of the app a second of one address")
    searches_per_address_per_s: float = share_limit(10, "Searches a second of one address")
    session_ends_per_user_per_min: float = share_limit(10, "Ends of sessions a minute of one user")
    exports_per_user_per_min: float = share_limit(6, "Downloads of messages a minute of one user")
    posts_per_address_per_s: float = share_limit(60, "New messages over all rooms a second of one address")
    edits_per_address_per_s: float = share_limit(20, "Edits a second of one address")
    deletions_per_address_per_s: float = share_limit(30, "Deletions of messages a second of one address")
    reactions_per_address_per_s: float = share_limit(
        100, "Reactions given or taken back a second of one address"
    )
    pins_per_address_per_min: float = share_limit(120, "Pins and unpins a minute of one address")
    typing_per_address_per_s: float = share_limit(60, "Typing signals a second of one address")
    room_creations_per_address_per_min: float = share_limit(60, "New rooms a minute of one address")
    room_changes_per_address_per_min: float = share_limit(120, "Changes of rooms a minute of one address")
    moderation_per_user_per_min: float = share_limit(600, "Calls of hosts a minute of one user")
    moderation_per_address_per_min: float = share_limit(3_000, "Calls of hosts a minute of one address")
    reports_per_user_per_min: float = share_limit(1, "Reports of messages a minute of one user")
    reports_per_address_per_min: float = share_limit(2, "Reports of messages a minute of one address")
    invite_codes_per_address_per_min: float = share_limit(60, "Accepted invites a minute of one address")
    stream_tickets_per_address_per_s: float = share_limit(20, "Tickets for streams a second of one address")
