"""What both servers tell of their event loop."""

import asyncio

from prometheus_client import Gauge

TASKS = Gauge("hotchat_asyncio_tasks", "Tasks of this process's event loop, counted when asked")


def count_tasks() -> None:
    """To be called in the loop, before the metrics are written down."""
    TASKS.set(len(asyncio.all_tasks()))
