"""Settings from the environment: types of their values, reading them, and the settings that several programs share.

`docs/settings.md` is generated from the settings classes, `.env.example` is compared with them by a test.
"""

import sys
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from server_kit.overload_policy import ShedLevel

MIN_SECRET_LENGTH: Final = 16


def split_commas(value: object) -> object:
    """`a, b` → ("a", "b"); anything that is not text is passed on."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def is_url(value: str, *schemes: str) -> bool:
    """Whether the value begins with one of the schemes, and its port, if there is one, is valid."""
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and (parts.port is None or parts.port > 0)
    except ValueError:
        return False


Text = TypeVar("Text", str, SecretStr)


def url(*schemes: str, words: tuple[str, ...] = ()) -> AfterValidator:
    """Accepts URLs with these schemes, and these words."""

    def check(value: Text) -> Text:
        text = value if isinstance(value, str) else value.get_secret_value()
        if text not in words and not is_url(text, *schemes):
            raise ValueError(
                f"must be a URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}"
            )
        return value

    return AfterValidator(check)


def _check_secret(value: SecretStr) -> SecretStr:
    if len(value) < MIN_SECRET_LENGTH:
        raise ValueError(
            f"must have at least {MIN_SECRET_LENGTH} characters, best made by: openssl rand -base64 32"
        )
    return value


def _check_brokers(value: str) -> str:
    for broker in value.split(","):
        if not is_url(f"kafka://{broker.strip()}", "kafka") or ":" not in broker:
            raise ValueError("must be host:port, or several with commas between")
    return value


def _check_networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for network in value:
        ip_network(network, strict=False)
    return value


CommaSeparated = Annotated[tuple[str, ...], NoDecode, BeforeValidator(split_commas)]
Networks = Annotated[CommaSeparated, AfterValidator(_check_networks)]
HttpUrl = Annotated[str, url("http", "https")]
HttpUrls = Annotated[tuple[HttpUrl, ...], NoDecode, BeforeValidator(split_commas)]
RedisUrl = Annotated[SecretStr, url("redis", "rediss", "unix")]
PostgresUrl = Annotated[SecretStr, url("postgresql", "postgres", "postgresql+asyncpg")]
Brokers = Annotated[str, AfterValidator(_check_brokers)]
Port = Annotated[int, Field(ge=1, le=65535)]
Secret = Annotated[SecretStr, AfterValidator(_check_secret)]
OptionalSecret = Annotated[SecretStr, AfterValidator(lambda value: _check_secret(value) if value else value)]
Secrets = Annotated[tuple[Secret, ...], NoDecode, BeforeValidator(split_commas)]
"""URLs of stores are secrets, because they may hold a password."""


def share_limit(default: float, per: str) -> Any:
    """The field of a limit in `shares.py`. `per`: what it limits, for example "Searches a second of one address"."""
    return Field(default, ge=0, description=f"{per}; 0: no limit (see Shares)")


SECRETS_DIR = Path("/run/secrets")
"""Containers find files here, named like settings in lower case. The environment takes precedence."""

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
    """For the start of a program: prints one sentence and exits with code 2 instead of raising WrongSetting."""
    try:
        return read_settings(kind)
    except WrongSetting as error:
        print(f"Cannot start: {error}", file=sys.stderr)  # noqa: T201 - logging is not set up yet
        sys.exit(2)


class ProcessSettings(BaseSettings):
    """Settings of both servers and of the scheduler."""

    model_config = SettingsConfigDict(
        extra="ignore",
        frozen=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
    )

    hotchat_bind: str = Field("127.0.0.1", description="Address to listen on; 0.0.0.0 for every interface")
    kafka_bootstrap_servers: Brokers = Field(
        "127.0.0.1:9092", description="Kafka brokers, host:port, comma separated"
    )
    redis_url: RedisUrl = Field(SecretStr("redis://127.0.0.1:6379/0"), description="Redis or Valkey")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe level that is logged"
    )


class ServerSettings(ProcessSettings):
    """Settings of both servers."""

    hotchat_secret: Secret = Field(
        description="Signs session tokens and the calls between servers; at least 16 characters"
    )
    hotchat_secrets_old: Secrets = Field(
        (), description="Earlier values of HOTCHAT_SECRET, comma separated: what they signed stays valid"
    )
    chat_port: Port = Field(8000, description="Port of chat_server")
    publish_port: Port = Field(8001, description="Port of publish_server")
    hotchat_reuse_port: bool = Field(False, description="Let several processes of a server share its port")
    allowed_origins: CommaSeparated = Field(
        (),
        description="Origins besides the page's own host that may call from a browser, comma separated; * for all",
    )
    public_hosts: CommaSeparated = Field(
        (),
        description="Host names under which browsers reach the servers, comma separated; * for any. "
        "IP addresses, names without a dot, *.local and *.localhost are always accepted",
    )
    trusted_proxies: Networks = Field(
        (), description="Addresses or networks whose X-Forwarded-For is believed, comma separated"
    )
    shares_exempt: Networks = Field(
        (),
        description="Addresses or networks that no share limits, such as a load generator, comma separated",
    )
    operation_per_address_per_s: float = share_limit(
        20, "Health checks, metrics and documents a second of one address"
    )
    requests_per_address_per_s: float = share_limit(200, "Requests a second of one address to one process")
    connections_per_address: int = share_limit(1_000, "Open connections of one address to one process")
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

    shed_level: ShedLevel = Field(
        "auto",
        description="What a process drops or postpones while it is short of CPU (see docs/reliability.md). "
        "auto: by its load; 0: nothing; 1 to 4: always that much",
    )

    def secrets(self) -> tuple[str, ...]:
        """HOTCHAT_SECRET, which signs, then HOTCHAT_SECRETS_OLD, which verify only."""
        return tuple(each.get_secret_value() for each in (self.hotchat_secret, *self.hotchat_secrets_old))
