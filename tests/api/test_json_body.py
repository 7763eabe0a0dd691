"""Bodies of requests: how deep JSON may be nested."""

import pytest
from pydantic import BaseModel

from chat_server.http.json_body import MAX_DEPTH, parse_json
from server_kit.http.problem import ChatError


class Body(BaseModel):
    text: str
    extra: object = None


def test_brackets_in_a_text_are_not_nesting() -> None:
    brackets = "[{" * 1_000
    body = b'{"text": "%b"}' % brackets.encode()
    assert parse_json(body, "application/json", Body).text == brackets


def test_a_body_is_nested_at_most_to_the_limit() -> None:
    inner = MAX_DEPTH - 1
    body = b'{"text": "", "extra": %b}'
    parse_json(body % (b"[" * inner + b"]" * inner), "application/json", Body)
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        too_deep = opening * (inner + 1) + b"1" + closing * (inner + 1)
        with pytest.raises(ChatError) as refused:
            parse_json(body % too_deep, "application/json", Body)
        assert "nested at most" in str(refused.value.extra)
