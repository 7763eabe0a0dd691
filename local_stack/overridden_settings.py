"""What the operator has overridden in the environment's settings: the overrides survive a restart."""

import http.client
import json
from typing import Final

from local_stack.server_process import ServerProcess

WITHIN_S: Final = 30.0


def overridden_settings(chat_server: ServerProcess, admin_token: str) -> list[str]:
    """A sentence for each setting that is overridden, or one about why they are unknown."""
    connection = http.client.HTTPConnection(chat_server.host, chat_server.port, timeout=WITHIN_S)
    try:
        headers = {"Authorization": f"Bearer {admin_token}"}
        connection.request("GET", "/api/v1/ops/settings", headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            return [f"The overridden settings are unknown: chat_server answered {answer.status}."]
        return [
            f"{each['setting']} is {each['value']}, set by the operator; the environment says {each['environment']}."
            for each in json.loads(body).values()
            if isinstance(each, dict) and each["source"] == "operator"
        ]
    except (OSError, ValueError, http.client.HTTPException) as error:
        return [f"The overridden settings are unknown: {error}"]
    finally:
        connection.close()
