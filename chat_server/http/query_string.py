"""Query strings of the fast path. A parameter is declared once, for the parser and for the OpenAPI document."""

import re
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

from chat_contract.limits import MAX_SEQ
from chat_server.text.rules import composed_length
from server_kit.http.problem import invalid

MAX_FIELDS: Final = 64
"""Overflow rule: IGNORE further fields."""

_INTEGER: Final = re.compile(r"-?[0-9]{1,40}\Z")


class IntegerParameter(NamedTuple):
    """`default=None` without `is_required`: the parameter is optional and has no effect when absent."""

    name: str
    default: int | None = None
    low: int = 0
    high: int = MAX_SEQ
    is_required: bool = False


class TextParameter(NamedTuple):
    """Lengths are code points in NFC. `default=None`: as for integers."""

    name: str
    max_length: int
    min_length: int = 0
    default: str | None = None
    is_required: bool = False


QueryParameter = IntegerParameter | TextParameter


class QueryString:
    """Collects all errors of the values, so that one problem lists them all. Unknown names are ignored."""

    def __init__(self, query_string: bytes) -> None:
        self._errors: list[dict[str, str]] = []
        self._values: dict[str, str] = {}
        if query_string:
            pairs = parse_qsl(query_string.decode("latin-1"), keep_blank_values=True)[:MAX_FIELDS]
            for name, value in pairs:
                if name in self._values:
                    self.refuse(name, "must be given once")
                self._values[name] = value

    def has(self, parameter: QueryParameter) -> bool:
        return parameter.name in self._values

    def refuse(self, name: str, message: str) -> None:
        self._errors.append({"field": name, "message": message})

    def integer(self, parameter: IntegerParameter) -> int:
        """The value, or the default (0 without one). `check` raises if it is invalid."""
        default = parameter.default or 0
        text = self._text(parameter)
        if text is None:
            return default
        if not _INTEGER.match(text):
            self.refuse(parameter.name, "must be an integer")
            return default
        value = int(text)
        if not parameter.low <= value <= parameter.high:
            self.refuse(parameter.name, f"must be from {parameter.low} to {parameter.high}")
        return value

    def text(self, parameter: TextParameter) -> str:
        """The value, or the default ("" without one). `check` raises if it is invalid."""
        text = self._text(parameter)
        if text is None:
            return parameter.default or ""
        length = len(text)
        if length > parameter.max_length:
            length = composed_length(text, parameter.max_length)
        if not parameter.min_length <= length <= parameter.max_length:
            self.refuse(
                parameter.name, f"must have {parameter.min_length} to {parameter.max_length} characters"
            )
        return text

    def check(self) -> None:
        """Raises ChatError `validation_failed` with every error found so far."""
        if self._errors:
            raise invalid(self._errors)

    def _text(self, parameter: QueryParameter) -> str | None:
        text = self._values.get(parameter.name)
        if text is None and parameter.is_required:
            self.refuse(parameter.name, "is required")
        return text
