"""`python -m chat_server.migrate`: bring the schema to the newest revision. Each server does so when it starts, too."""

import asyncio

from chat_server.postgres.migrate import prepare_database
from chat_server.settings import ChatSettings
from server_kit.serve import log_to_stderr
from server_kit.settings import settings_or_exit


async def main(settings: ChatSettings) -> None:
    await prepare_database(settings.database_url.get_secret_value())


if __name__ == "__main__":
    read = settings_or_exit(ChatSettings)
    log_to_stderr(read.log_level)
    asyncio.run(main(read))
