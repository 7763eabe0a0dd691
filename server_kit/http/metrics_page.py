"""`GET /metrics` of both servers."""

import time
from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from server_kit.limits.token_buckets import TokenBuckets
from server_kit.process_metrics import measure_process

COLLECTIONS_PER_S: Final = 10.0
COLLECTIONS_BURST: Final = 50.0
"""Collecting all metrics blocks the event loop for a millisecond or more, and anyone may request them."""


class MetricsPage:
    """The metrics of this process. Overflow rule: STALE; beyond the burst, the previous page is served."""

    def __init__(self, clock: Callable[[], float], registry: CollectorRegistry = REGISTRY) -> None:
        self._clock = clock
        self._registry = registry
        self._collections = TokenBuckets(COLLECTIONS_PER_S, COLLECTIONS_BURST)
        self._newest = b""

    def body(self) -> bytes:
        """The page in the text format of Prometheus."""
        if self._collections.take("metrics", self._clock()) == 0:
            self._newest = generate_latest(self._registry)
        return self._newest


def metrics_router() -> APIRouter:
    """Create one per process."""
    router = APIRouter(tags=["operation"])
    measure_process()
    page = MetricsPage(time.monotonic)

    @router.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return Response(page.body(), media_type=CONTENT_TYPE_LATEST)

    return router
