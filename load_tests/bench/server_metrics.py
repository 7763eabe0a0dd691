"""Reads a server's metrics by name."""

import httpx
from prometheus_client.parser import text_string_to_metric_families

WITHIN_S = 10.0


async def read_sum(base_url: str, name: str) -> float:
    """The sum of a metric over all its labels at this server. Raises httpx.HTTPError."""
    async with httpx.AsyncClient(base_url=base_url, timeout=WITHIN_S) as client:
        text = (await client.get("/metrics")).raise_for_status().text
    return sum_of(text, name)


def sum_of(metrics: str, name: str) -> float:
    """The sum over all labels in the text of /metrics; 0 if the server lacks the metric."""
    families = text_string_to_metric_families(metrics)
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)
