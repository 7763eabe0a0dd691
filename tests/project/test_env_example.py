"""`.env.example` lists what an operator of docker-compose.yml may set, with the defaults that are in force."""

import re
from typing import Final

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from chat_server.settings import ChatSettings, SchedulerSettings
from publish_server.settings import PublishSettings
from server_kit.limits.share_definitions import SHARES
from tests.support.chat_stack import ROOT

SETTINGS: Final[dict[str, FieldInfo]] = {
    name.upper(): field
    for program in (SchedulerSettings, PublishSettings, ChatSettings)
    for name, field in program.model_fields.items()
}
EXAMPLE: Final = dict(re.findall(r"^#?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
COMPOSE: Final = (ROOT / "docker-compose.yml").read_text()

FIXED_BY_THE_CONTAINERS: Final = {
    # addresses, ports and files inside the containers; one process in each
    *(
        "HOTCHAT_BIND",
        "CHAT_PORT",
        "PUBLISH_PORT",
        "HOTCHAT_REUSE_PORT",
        "SCHEDULER_METRICS_PORT",
        "CHAT_WORKERS",
    ),
    *("DATABASE_URL", "REDIS_URL", "KAFKA_BOOTSTRAP_SERVERS", "KAFKA_FETCH_MAX_WAIT_MS"),
    *("CHAT_INTERNAL_URL", "PUBLIC_STREAM_URL", "SPA_DIR"),
    # sized together with the containers' memory and Postgres's max_connections
    *("DATABASE_POOL_SIZE", "RING_EVENTS", "RING_BYTES", "RINGS_TOTAL_BYTES", "REPLAY_TOTAL_BYTES"),
    *("STALLED_TOTAL_BYTES", "STREAM_SEND_BUFFER_BYTES"),
    # chosen together with the edge's timeouts, and for measurements
    *("STREAM_LIFETIME_S", "STREAM_PING_S", "STREAM_STALL_S", "HEAD_CHECK_S", "LOOP_PROBE_MS"),
}


def default_of(field: FieldInfo) -> str:
    """The default as text of the environment; required fields have none."""
    default = field.get_default()
    if isinstance(default, SecretStr):
        return default.get_secret_value()
    if isinstance(default, tuple):
        return ",".join(default)
    return "" if field.is_required() else f"{default:g}" if isinstance(default, float) else str(default)


def test_every_setting_is_in_the_example_or_fixed_by_the_containers() -> None:
    assert set(SETTINGS) - set(EXAMPLE) == FIXED_BY_THE_CONTAINERS
    assert {share.setting.upper() for share in SHARES.values()} <= set(EXAMPLE)


def test_compose_passes_every_name_of_the_example_to_a_container() -> None:
    assert [name for name in EXAMPLE if f"${{{name}:-" not in COMPOSE] == []


def test_every_default_of_the_example_is_the_one_in_force() -> None:
    """Compose passes an empty value for a setting without a default of its own, and an empty value counts as unset."""
    defaults = {
        name: of_compose or default_of(SETTINGS[name]) if name in SETTINGS else of_compose
        for name, of_compose in re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", COMPOSE)
        if name in EXAMPLE
    }
    assert defaults == EXAMPLE
