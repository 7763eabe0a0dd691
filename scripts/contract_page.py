"""docs/contract.md: the tables of fields between markers, made from the OpenAPI document and the event types.

`<!-- fields: Message -->` … `<!-- end -->` holds the fields of the schema `Message`; `<!-- events -->` … `<!-- end -->`
the types of events.
"""

import re
from pathlib import Path
from typing import Any, Final

from pydantic import TypeAdapter

from chat_contract.internal_api import RoomHead
from chat_server.main import create_app

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "contract.md"
MARKED: Final = re.compile(r"(<!-- (?:fields: (\w+)|events) -->\n).*?(<!-- end -->)", re.DOTALL)
IN_EVERY_EVENT: Final = ("type", "room_id", "seq")

Schemas = dict[str, Any]


def contract_page() -> str:
    """The page with its marked tables made again."""
    schemas = _schemas()

    def table(found: re.Match[str]) -> str:
        begin, name, end = found.groups()
        return begin + (_fields(schemas[name]) if name else _events(schemas)) + end

    return MARKED.sub(table, PAGE.read_text())


def _schemas() -> Schemas:
    schemas: Schemas = dict(create_app().openapi()["components"]["schemas"])
    return schemas | {"RoomHead": TypeAdapter(RoomHead).json_schema(mode="serialization")}


def _fields(schema: Schemas) -> str:
    required = schema.get("required", ())
    rows = [
        f"| `{name}` | {_type(field)}{'' if name in required else ', optional'} | {_description(field)} |\n"
        for name, field in schema["properties"].items()
    ]
    return "| field | type | meaning |\n| --- | --- | --- |\n" + "".join(rows)


def _events(schemas: Schemas) -> str:
    rows = []
    for event_type, reference in schemas["RoomEvent"]["discriminator"]["mapping"].items():
        event = schemas[reference.rpartition("/")[2]]
        fields = [
            f"`{name}`: {_type(field)}"
            for name, field in event["properties"].items()
            if name not in IN_EVERY_EVENT
        ]
        has_seq = "yes" if "seq" in event["properties"] else "no"
        rows.append(f"| `{event_type}` | {has_seq} | {', '.join(fields)} | {_description(event)} |\n")
    return "| type | `seq` | more fields | meaning |\n| --- | --- | --- | --- |\n" + "".join(rows)


def _description(schema: Schemas) -> str:
    """On one line, as a cell of a table needs it."""
    return " ".join(schema.get("description", "").split())


def _type(field: Schemas) -> str:
    """A JSON schema's type in words: `string or null`, `array of Message`."""
    if "$ref" in field:
        return str(field["$ref"].rpartition("/")[2])
    if "anyOf" in field:
        return " or ".join(_type(choice) for choice in field["anyOf"])
    if field["type"] == "array":
        return f"array of {_type(field['items'])}"
    if field["type"] == "object" and isinstance(field.get("additionalProperties"), dict):
        return f"object of {_type(field['additionalProperties'])}"
    return str(field["type"])
