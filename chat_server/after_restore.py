"""`python -m chat_server.after_restore`: run once after Postgres was restored or failed over with losses.

Clients may hold cursors above what the restored database knows. Raising every room's last_seq ensures that no seq is
given out twice. Streams with an older cursor get `stream.gap` and continue.
"""

import asyncio
from typing import Final

import asyncpg

from chat_server.postgres.pools import asyncpg_dsn
from chat_server.settings import ChatSettings
from server_kit.settings import settings_or_exit

ADVANCE_BY: Final = 1_000_000


async def advance_seqs(dsn: str) -> int:
    """Raise every room's last_seq by ADVANCE_BY; returns the number of rooms."""
    connection = await asyncpg.connect(dsn)
    try:
        status: str = await connection.execute("UPDATE rooms SET last_seq = last_seq + $1", ADVANCE_BY)
    finally:
        await connection.close()
    return int(status.rsplit(maxsplit=1)[-1])


def main() -> None:
    settings = settings_or_exit(ChatSettings)
    rooms = asyncio.run(advance_seqs(asyncpg_dsn(settings.database_url.get_secret_value())))
    print(f"Raised the last_seq of {rooms} rooms by {ADVANCE_BY:,}.")  # noqa: T201


if __name__ == "__main__":
    main()
