"""How a stored event shows a message that was deleted after it."""

from typing import Final

PAYLOAD_WITH_TOMBSTONE: Final = (
    """'{"type":"' || e.type || '","room_id":"' || e.room_id || '","seq":' || e.seq || ',"message":' """
    """|| t.message || '}'"""
)
"""SQL: the payload of event `e` with the message of tombstone `t`. Types and room ids need no escapes."""
