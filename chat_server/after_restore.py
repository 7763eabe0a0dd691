"""`python -m chat_server.after_restore`: run once after Postgres came back from a backup or a lossy failover.

People may hold cursors above what the restored database knows. Raising every room's last_seq makes sure that no seq
is handed out twice; streams with an older cursor get `stream.gap` and go on.
"""

import asyncio
from typing import Final

import asyncpg

from chat_server.config import ChatSettings
from chat_server.postgres.pools import asyncpg_dsn

RAISE_BY: Final = 1_000_000


async def raise_seqs(dsn: str) -> int:
    """Raise every room's last_seq by RAISE_BY; returns how many rooms."""
    connection = await asyncpg.connect(dsn)
    try:
        status: str = await connection.execute("UPDATE rooms SET last_seq = last_seq + $1", RAISE_BY)
    finally:
        await connection.close()
    return int(status.rsplit(maxsplit=1)[-1])


def main() -> None:
    rooms = asyncio.run(raise_seqs(asyncpg_dsn(ChatSettings().database_url)))
    print(f"Raised the last_seq of {rooms} rooms by {RAISE_BY:,}.")  # noqa: T201


if __name__ == "__main__":
    main()
