"""`python -m chat_server.migrate`: bring the schema to the newest revision. Each server does so when it starts, too."""

import asyncio

from chat_server.postgres.migrate import migrate
from chat_server.postgres.pools import open_database
from chat_server.settings import ChatSettings
from server_kit.serve import log_to_stderr
from server_kit.settings import settings_or_exit


async def main(settings: ChatSettings) -> None:
    async with open_database(settings.database_url.get_secret_value(), pool_size=1) as engine:
        await migrate(engine)


if __name__ == "__main__":
    read = settings_or_exit(ChatSettings)
    log_to_stderr(read.log_level)
    asyncio.run(main(read))
