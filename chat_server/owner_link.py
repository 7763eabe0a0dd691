"""`python -m chat_server.owner_link ROOM_ID`: print a link that makes its first opener the owner of the room.

The link holds a new recovery code, which ends the room's earlier one.
"""

import argparse
import asyncio
import sys
from typing import Final

import asyncpg

from chat_server.postgres.pools import asyncpg_dsn
from chat_server.rooms.recovery_code import new_recovery_code, recovery_code_hash
from chat_server.settings import ChatSettings
from server_kit.settings import settings_or_exit

_SET_CODE: Final = """
WITH room AS (
    UPDATE rooms SET recovery_code_hash = $2, recovered_by = NULL, recovered_at = NULL WHERE id = $1 RETURNING id
)
INSERT INTO moderation_log (room_id, at, actor_nickname, action, details)
SELECT id, now(), 'operator', 'renew_recovery_code', '{}' FROM room"""


async def set_recovery_code(dsn: str, room_id: str, code: str) -> bool:
    """Replace the room's code; False if there is no such room."""
    connection = await asyncpg.connect(dsn)
    try:
        status: str = await connection.execute(_SET_CODE, room_id, recovery_code_hash(code))
    finally:
        await connection.close()
    return status != "INSERT 0 0"


def owner_link(settings: ChatSettings, room_id: str, code: str) -> str:
    """The code stands after `#`, which browsers send to no server."""
    page = settings.public_url.rstrip("/") or f"http://localhost:{settings.chat_port}"
    return f"{page}/rooms/{room_id}#recover={code}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m chat_server.owner_link", description=__doc__)
    parser.add_argument("room_id")
    room_id = parser.parse_args().room_id
    settings = settings_or_exit(ChatSettings)
    code = new_recovery_code()
    dsn = asyncpg_dsn(settings.database_url.get_secret_value())
    if not asyncio.run(set_recovery_code(dsn, room_id, code)):
        print(f"There is no room {room_id!r}.", file=sys.stderr)  # noqa: T201 - a command for people
        return 1
    print(owner_link(settings, room_id, code))  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
