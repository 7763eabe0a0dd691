"""Settings that more than one part reads, from the environment. `docs/settings.md` is generated from these classes."""

import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

CommaSeparated = Annotated[tuple[str, ...], NoDecode]


def split_commas(value: object) -> object:
    """`a, b` → ("a", "b"); anything that is not text is passed on."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def is_url(value: str, *schemes: str) -> bool:
    """Whether it begins with one of the schemes, and its port, where it names one, is a port."""
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


def checked_url(value: str, *schemes: str) -> str:
    """The value. Raises ValueError, which does not show it: it may hold a password."""
    if not is_url(value, *schemes):
        raise ValueError(
            f"must be a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
        )
    return value


MIN_SECRET_LENGTH: Final = 16


def checked_secret(value: str) -> str:
    """The value. Raises ValueError, which does not show it."""
    if len(value) < MIN_SECRET_LENGTH:
        raise ValueError(
            f"must have at least {MIN_SECRET_LENGTH} characters, best made by: openssl rand -base64 32"
        )
    return value


SECRETS_DIR = Path("/run/secrets")
"""Where containers find files named as settings in lower case; the environment wins over them."""

Settings = TypeVar("Settings", bound=BaseSettings)


class WrongSetting(Exception):
    """Names every wrong setting in one sentence, without its value: it may be a secret."""


def read_settings(kind: type[Settings]) -> Settings:
    """The settings of a program. Raises WrongSetting."""
    try:
        return kind()
    except ValidationError as error:
        wrong = [
            f"{str(e['loc'][0]).upper()}: {_in_a_sentence(e['msg'])}" if e["loc"] else e["msg"]
            for e in error.errors(include_input=False, include_url=False)
        ]
        raise WrongSetting(f"wrong setting: {'; '.join(wrong)}") from None


def _in_a_sentence(message: str) -> str:
    message = message.removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def settings_or_exit(kind: type[Settings]) -> Settings:
    """For the start of a server: one sentence and exit code 2 instead of WrongSetting."""
    try:
        return read_settings(kind)
    except WrongSetting as error:
        print(f"Cannot start: {error}", file=sys.stderr)  # noqa: T201 - logging is not set up yet
        sys.exit(2)


class SharedSettings(BaseSettings):
    model_config = SettingsConfigDict(
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    )

    hotchat_secret: str = Field(
        min_length=16,
        repr=False,
        description="Signs session tokens and the calls between servers; at least 16 characters",
    )
    hotchat_secrets_old: CommaSeparated = Field(
        (),
        repr=False,
        description="Earlier values of HOTCHAT_SECRET, comma separated: what they signed stays valid",
    )
    hotchat_bind: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every interface")
    chat_port: int = Field(8000, ge=1, le=65535, description="Port of chat_server")
    publish_port: int = Field(8001, ge=1, le=65535, description="Port of publish_server")
    hotchat_reuse_port: bool = Field(False, description="Let several processes of a server share its port")
    kafka_bootstrap_servers: str = Field(
        "127.0.0.1:9092", description="Kafka brokers, host:port, comma separated"
    )
    redis_url: str = Field("redis://127.0.0.1:6379/0", repr=False, description="Redis or Valkey")
    allowed_origins: CommaSeparated = Field(
        (),
        description="Origins besides the page's own host that may call from a browser, comma separated; * for all",
    )
    public_hosts: CommaSeparated = Field(
        (),
        description="Host names under which browsers reach the servers, comma separated; * for any. "
        "IP addresses, names without a dot, *.local and *.localhost are always accepted",
    )
    trusted_proxies: CommaSeparated = Field(
        (), description="Addresses or networks whose X-Forwarded-For is believed, comma separated"
    )
    shares_exempt: CommaSeparated = Field(
        (),
        description="Addresses or networks that no share limits, such as a load generator, comma separated",
    )
    operation_per_address_per_s: float = Field(
        20,
        ge=0,
        description="Health checks, metrics and documents a second of one address; 0: no limit (see Shares)",
    )
    requests_per_address_per_s: float = Field(
        200, ge=0, description="Requests a second of one address to one process; 0: no limit (see Shares)"
    )
    connections_per_address: int = Field(
        1_000, ge=0, description="Open connections of one address to one process; 0: no limit (see Shares)"
    )
    max_connections: int = Field(
        25_000,
        ge=1,
        description="Open connections of one process, streams included; more get 503 server_full",
    )
    loop_probe_ms: float = Field(
        0,
        ge=0,
        le=1_000,
        description="Milliseconds between probes of the event loop's steps, for exact measurements; "
        "0: 5 while busy, 50 while idle",
    )
    log_level: str = Field(
        "INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="DEBUG, INFO, WARNING or ERROR"
    )

    _split = field_validator(
        "allowed_origins",
        "trusted_proxies",
        "hotchat_secrets_old",
        "shares_exempt",
        "public_hosts",
        mode="before",
    )(split_commas)

    @field_validator("hotchat_secrets_old")
    @classmethod
    def _are_secrets(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(checked_secret, value))

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str) -> str:
        return checked_url(value, "redis", "rediss", "unix")

    @field_validator("kafka_bootstrap_servers")
    @classmethod
    def _are_brokers(cls, value: str) -> str:
        for broker in value.split(","):
            if not is_url(f"kafka://{broker.strip()}", "kafka") or ":" not in broker:
                raise ValueError("must be host:port, or several with commas between")
        return value

    @field_validator("trusted_proxies", "shares_exempt")
    @classmethod
    def _are_networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for part in value:
            ip_network(part, strict=False)
        return value
