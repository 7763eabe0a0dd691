"""What the control room shows: one snapshot a second, and the records that processes leave for it in Redis."""

from typing import Annotated, Final, Literal

from pydantic import Field
from typing_extensions import TypedDict

from chat_contract.events import SlowMode, Visibility, WhoCanPost

SNAPSHOT_EVENT = "ops.snapshot"
MAX_SNAPSHOT_ROOMS = 50
"""Overflow rule: the rooms with the least heat are left out, and counted in `rooms_omitted`."""

MAX_PROCESSES = 100
"""Overflow rule: LEFT_OUT; a process that finds no place writes no record."""

MAX_OUTBOX_EVENTS = 10_000
"""The snapshot counts no further."""

ProcessKind = Literal["chat_server", "publish_server"]


class OpsRates(TypedDict):
    """What all processes did in the last second. Null without Redis."""

    fetches_served_per_s: Annotated[float | None, Field(description="Fetches answered with a body")]
    fetches_not_modified_per_s: Annotated[float | None, Field(description="Fetches answered 304")]
    fetches_refused_per_s: Annotated[
        float | None,
        Field(description="Fetches answered 429: of hot rooms, and over the share of an address"),
    ]
    posts_per_s: Annotated[float | None, Field(description="New messages, held ones included")]
    posts_refused_per_s: Annotated[float | None, Field(description="Posts answered with an error")]
    deliveries_per_s: Annotated[
        float | None,
        Field(description="Writes of new events to streams; events of one flush share a write"),
    ]


RATES: Final = tuple(OpsRates.__annotations__)
"""Their names. A process counts each one without `_per_s`: server_kit/process_reports.py."""


class ProcessFigures(TypedDict):
    id: str
    kind: Annotated[ProcessKind, Field(description="`chat_server` or `publish_server`")]
    ready: Annotated[bool, Field(description="Whether its readiness check passes")]
    uptime_s: float
    cpu_share: Annotated[float, Field(description="CPU seconds used per second; 1 is one core")]
    resident_bytes: Annotated[int | None, Field(description="Memory; null where /proc is missing")]
    streams: Annotated[int, Field(description="Open streams; of a chat_server those of the control room")]
    longest_step_ms: Annotated[
        float, Field(description="CPU time of the longest event-loop step of the last minute")
    ]
    shed_level: Annotated[int, Field(description="What it leaves out for lack of CPU: 0 nothing, 4 the most")]
    kafka_lag_events: Annotated[
        int | None,
        Field(description="Records of Kafka that a publish_server has not read; null if it reads none"),
    ]
    flush_width_streams: Annotated[
        float | None,
        Field(description="Streams that a flush of a publish_server reached on average; null without one"),
    ]


class ProcessRecord(ProcessFigures):
    """What a process writes to Redis once a second."""

    rates: Annotated[dict[str, float], Field(description="The part of this process in each of RATES")]


class OpsProcess(ProcessFigures):
    """A process that reported within the last seconds."""

    age_s: Annotated[float, Field(description="Seconds since it reported")]


class OpsRoom(TypedDict):
    """A room by its heat. Null is unknown: without Redis or a scheduler, or without Postgres."""

    id: str
    name: str | None
    visibility: Annotated[Visibility | None, Field(description="`public`, `unlisted` or `private`")]
    hot: bool | None
    level: Annotated[int | None, Field(description="0 calm, 1 warm, 2 hot, 3 blazing")]
    fetches_per_s: float | None
    posts_per_s: float | None
    viewers: Annotated[int | None, Field(description="Open streams over all publish_servers")]
    slow_mode_s: Annotated[int | None, Field(description="In force now; 0: nobody waits")]
    slow_mode: Annotated[SlowMode | None, Field(description="What hosts have set")]
    who_can_post: Annotated[WhoCanPost | None, Field(description="`everyone`, `regulars` or `moderators`")]


class OpsStore(TypedDict):
    name: Annotated[
        Literal["postgres", "redis", "kafka"], Field(description="`postgres`, `redis` or `kafka`")
    ]
    up: Annotated[bool, Field(description="For the process that answers")]
    latency_ms: Annotated[
        float | None,
        Field(
            description="Of a query, of a read, of the last acknowledgement; null if down or nothing was sent lately"
        ),
    ]


class OpsOutbox(TypedDict):
    """Events that Kafka has not acknowledged. Null without Postgres."""

    events: Annotated[int | None, Field(description=f"At most {MAX_OUTBOX_EVENTS:,} are counted")]
    oldest_s: Annotated[float | None, Field(description="Age of the oldest one; 0 without one")]


class OpsSnapshot(TypedDict):
    """The state of the whole server, as one chat_server sees it."""

    at: str
    rooms: Annotated[
        list[OpsRoom],
        Field(
            description=f"At most {MAX_SNAPSHOT_ROOMS}: by level, hot, fetches and posts a second, viewers; "
            "then public rooms that were active last"
        ),
    ]
    rooms_omitted: Annotated[
        int | None, Field(description="Further rooms with heat or viewers; null if they are unknown")
    ]
    rates: OpsRates
    processes: Annotated[
        list[OpsProcess],
        Field(description=f"At most {MAX_PROCESSES}, by kind and id; empty without Redis"),
    ]
    stores: list[OpsStore]
    outbox: OpsOutbox
    overridden_settings: Annotated[int, Field(description="Settings that the operator has overridden")]
    exemptions_stale: Annotated[
        bool,
        Field(description="Whether Postgres did not answer, so that the last known exemptions stay in force"),
    ]
