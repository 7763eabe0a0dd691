"""docs/settings.md, made from the settings classes themselves."""

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from chat_server.settings import ChatSettings, HeatSettings, SchedulerSettings
from local_stack.settings import StackSettings
from publish_server.settings import PublishSettings
from server_kit.limits.share_definitions import SHARES, Share
from server_kit.settings import ProcessSettings, ServerSettings

INTRODUCTION = """\
# Settings

Environment variables set everything. A file in `/run/secrets` with the setting's name in lower case
(`/run/secrets/hotchat_secret`) works, too; the environment wins. A wrong value stops the start with a sentence that
names it. `make run` passes its environment to the servers and chooses stores, ports and secrets if none are given.
`docker-compose.yml` passes the settings of `.env.example`.

The operator can override `HOTCHAT_MODE`, `HOTCHAT_STRATEGY`, `HOTCHAT_ENTER_PER_S`, `HOTCHAT_EXIT_RATIO`,
`HOTCHAT_CALM_TICKS`, `HOT_FETCH_PER_CLIENT_PER_S` and `HOT_FETCH_BURST` while the servers run
(`PATCH /api/v1/ops/settings`). `make run` prints what is overridden. A changed value in the environment ends the
override at the next start.

`scripts/generate.py` makes this page; a check fails when it is out of date.
"""
SHARES_INTRODUCTION = """
## Shares

How much of one process an address (IPv4, or the /64 of an IPv6 address) and a user may use; more gets 429
`rate_limited`. `reserved` is the part of an address's share that only sessions older than 10 minutes may use.
`one user` is the part that one user gets. Never limited: trusted proxies themselves and `SHARES_EXEMPT`.
The operator can exempt an address from the shares of addresses for some hours (`POST /api/v1/ops/exemptions`). Default
limits by address apply only if a server listens beyond loopback, and there not to peers on loopback that forward
nobody. A value that is set applies everywhere.

| share | setting | default | limit of each | covers | reserved | one user |
| --- | --- | --- | --- | --- | --- | --- |
"""
HEAD = "| name | type | default | meaning |\n| --- | --- | --- | --- |\n"


def settings_page() -> str:
    process, server, heat = (kind.model_fields for kind in (ProcessSettings, ServerSettings, HeatSettings))
    parts = {
        "Both servers and the scheduler": process,
        "Both servers": _without(server, process),
        "chat_server and the scheduler": _without(heat, process),
        "chat_server": _without(ChatSettings.model_fields, heat | server),
        "scheduler": _without(SchedulerSettings.model_fields, heat),
        "publish_server": _without(PublishSettings.model_fields, server),
        "`make run`": StackSettings.model_fields,
    }
    return (
        INTRODUCTION
        + "".join(
            f"\n## {title}\n\n{HEAD}{''.join(_row(name, field) for name, field in fields.items())}"
            for title, fields in parts.items()
            if fields
        )
        + _shares_table()
    )


def _shares_table() -> str:
    fields = ChatSettings.model_fields | PublishSettings.model_fields
    return SHARES_INTRODUCTION + "".join(
        _share_row(share, fields[share.setting]) for share in SHARES.values()
    )


def _share_row(share: Share, setting: FieldInfo) -> str:
    per = {None: "open at once", 1: "a second", 60: "a minute", 3600: "an hour"}[share.window_s]
    cells = (
        share.name,
        f"`{share.setting.upper()}`",
        f"{setting.default:,} {per}",
        share.by,
        share.covers,
        _percent(share.reserved_part),
        _percent(share.user_part or 0),
    )
    return f"| {' | '.join(cells)} |\n"


def _percent(part: float) -> str:
    return f"{part:.0%}" if part else "none"


def _without(fields: dict[str, FieldInfo], others: dict[str, FieldInfo]) -> dict[str, FieldInfo]:
    return {name: field for name, field in fields.items() if name not in others}


def _row(name: str, field: FieldInfo) -> str:
    meaning = (field.description or "").replace("|", "\\|")
    return f"| `{name.upper()}` | {_type(field)} | {_default(field)} | {meaning} |\n"


def _type(field: FieldInfo) -> str:
    kind: Any = field.annotation
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(kind))
    names = {
        int: "whole number",
        float: "number",
        bool: "0 or 1",
        str: "text",
        SecretStr: "text",
        Path: "path",
    }
    limits = [text for text in map(_limit, field.metadata) if text]
    return " ".join([names.get(kind, "list"), *limits])


def _limit(rule: object) -> str:
    for attribute, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"), ("min_length", "length ≥")):
        value = getattr(rule, attribute, None)
        if value is not None:
            return f"{sign} {value:,}" if isinstance(value, int) and value > 99_999 else f"{sign} {value}"
    return ""


def _default(field: FieldInfo) -> str:
    default = field.default
    if default is PydanticUndefined:
        return "required"
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, tuple):
        default = ",".join(default)
    if isinstance(default, bool):
        default = int(default)
    return f"`{default}`" if str(default) else "empty"
