"""publish_server's settings, read once from the environment."""

from typing import Literal

from pydantic import Field

from server_kit.settings import HttpUrls, ServerSettings, share_limit


class PublishSettings(ServerSettings):
    chat_internal_url: HttpUrls = Field(
        (),
        description="Base URLs of chat_server, comma separated; empty: this host with CHAT_PORT",
    )
    kafka_fetch_max_wait_ms: int = Field(
        100,
        ge=1,
        le=5_000,
        description="Longest wait of one Kafka poll; 5 for the embedded broker, which does not wake polls",
    )
    stream_gzip: Literal["off", "hot", "always"] = Field(
        "hot",
        description="Compress streams if the client accepts gzip: off, in hot rooms, or always; decided at opening",
    )
    max_streams: int = Field(
        20_000,
        ge=1,
        description="Open streams of one process, at most 95 % of its connections; more get 503 server_full",
    )
    streams_per_address: int = share_limit(500, "Open streams of one address to one process")
    places_per_address: int = share_limit(
        500, "Places in the queue of a full server that one address renews at one process"
    )
    followed_rooms_per_address: int = share_limit(
        4_000, "Distinct rooms that streams of one address follow in one process"
    )
    unknown_rooms_per_address: int = share_limit(
        300, "Distinct rooms of one address that wait for chat_server's confirmation"
    )
    max_rooms: int = Field(
        20_000,
        ge=100,
        description="Rooms that one process watches; more get 503 server_full. Room lists may use three quarters",
    )
    stream_lifetime_s: float = Field(
        900, gt=0, description="Longest lifetime of a stream; each one lasts at least two thirds of it"
    )
    stream_ping_s: float = Field(15, gt=0, description="Seconds between pings of a stream")
    stream_stall_s: float = Field(
        30, gt=0, description="A client that reads nothing for this long is disconnected"
    )
    stream_send_buffer_bytes: int = Field(
        12_288,
        ge=4_096,
        description="Kernel send buffer of a stream (SO_SNDBUF; Linux doubles it); grows with large flushes",
    )
    ring_events: int = Field(
        5_000, ge=1, description="Newest events of a watched room that are kept in memory"
    )
    ring_bytes: int = Field(4 * 2**20, ge=65_536, description="Bytes of those events")
    rings_total_bytes: int = Field(256 * 2**20, ge=2**20, description="Bytes of all rings of one process")
    replay_total_bytes: int = Field(
        64 * 2**20,
        ge=32 * 2**20,
        description="Bytes of pages of old events for resuming streams, kept or being read",
    )
    stalled_total_bytes: int = Field(
        64 * 2**20,
        ge=2**20,
        description="Bytes that clients have not read; above it, the oldest holder of unshared bytes is disconnected",
    )
    head_check_s: float = Field(
        2, gt=0, description="Seconds between comparisons of all watched rooms with chat_server"
    )

    def chat_urls(self) -> tuple[str, ...]:
        """Base URLs of chat_server, at least one."""
        return self.chat_internal_url or (f"http://127.0.0.1:{self.chat_port}",)
