"""What the process has opened, for its endpoints."""

import asyncio
from dataclasses import dataclass
from random import Random
from typing import Annotated

from fastapi import Depends, Request

from chat_contract.tasks import BackgroundTasks
from publish_server.config import PublishSettings
from publish_server.hub import Hub
from publish_server.stream_endpoint import StreamEndpoint


@dataclass(frozen=True)
class Parts:
    settings: PublishSettings
    hub: Hub
    stream_endpoint: StreamEndpoint
    draining: asyncio.Event
    tasks: BackgroundTasks
    rng: Random


def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts
    return found


PartsOf = Annotated[Parts, Depends(_parts)]
