"""How a stored event shows a message that was deleted after it."""

from typing import Final

from chat_contract.calm_mark import LEFT_OUT, LEFT_OUT_WITHIN

_MARK: Final = (
    f"CASE WHEN left(e.payload, {LEFT_OUT_WITHIN}) LIKE '%{LEFT_OUT}%' THEN '{LEFT_OUT}' ELSE '' END"
)

PAYLOAD_WITH_TOMBSTONE: Final = (
    """'{"type":"' || e.type || '","room_id":"' || e.room_id || '","seq":' || e.seq || """
    f"""{_MARK} || ',"message":' || t.message || '}}'"""
)
"""SQL: the payload of event `e` with the message of tombstone `t`. Types and room ids need no escapes."""
