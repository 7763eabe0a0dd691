"""The link that makes its first opener the owner of the lobby, which has no owner at first."""

import http.client
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from local_stack.server_process import ServerProcess

WITHIN_S: Final = 30.0


class NoLink(Exception):
    """The link cannot be made; the chat room works without it."""


def lobby_link(chat_server: ServerProcess, env: Mapping[str, str], page_url: str, root: Path) -> str | None:
    """A new link, which ends earlier ones; None if the lobby has an owner. Raises NoLink."""
    try:
        return None if _has_owner(chat_server) else _new_link(env, page_url, root)
    except (OSError, ValueError, http.client.HTTPException, subprocess.SubprocessError) as error:
        raise NoLink(str(error)) from error


def _has_owner(chat_server: ServerProcess) -> bool:
    connection = http.client.HTTPConnection(chat_server.host, chat_server.port, timeout=WITHIN_S)
    try:
        connection.request("GET", "/api/v1/rooms/lobby")
        return json.loads(connection.getresponse().read()).get("owner_id") is not None
    finally:
        connection.close()


def _new_link(env: Mapping[str, str], page_url: str, root: Path) -> str:
    made = subprocess.run(
        [sys.executable, "-m", "chat_server.owner_link", "lobby"],
        env={"PUBLIC_URL": page_url, **env},
        cwd=root,
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=True,
    )
    return made.stdout.strip()
