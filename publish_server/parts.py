"""What the process has opened, for whoever answers requests."""

from dataclasses import dataclass

from publish_server.rooms.hub import Hub
from publish_server.streams.stream_endpoint import StreamEndpoint
from server_kit.background_tasks import BackgroundTasks


@dataclass(frozen=True)
class Parts:
    hub: Hub
    stream_endpoint: StreamEndpoint
    tasks: BackgroundTasks
