"""Reads a server's metrics by name."""

from collections.abc import Mapping
from typing import Final

import httpx
from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families

WITHIN_S = 10.0

_SUFFIXES: Final[Mapping[str, tuple[str, ...]]] = {
    "counter": ("_total",),
    "histogram": ("_bucket", "_count", "_sum"),
    "summary": ("", "_count", "_sum"),
}
"""What a metric of each type adds to its name."""


async def read_sum(base_url: str, name: str) -> float:
    """The sum of a metric over all its labels at this server. Raises httpx.HTTPError, LookupError."""
    async with httpx.AsyncClient(base_url=base_url, timeout=WITHIN_S) as client:
        text = (await client.get("/metrics")).raise_for_status().text
    return sum_of(text, name)


def sum_of(metrics: str, name: str) -> float:
    """The sum over all labels in the text of /metrics; 0 of a metric whose labels have no value yet.

    Raises LookupError if the server lacks the metric.
    """
    families = [each for each in text_string_to_metric_families(metrics) if name in _samples_of(each)]
    if not families:
        raise LookupError(f"the server has no metric {name}")
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)


def _samples_of(family: Metric) -> list[str]:
    return [family.name + suffix for suffix in _SUFFIXES.get(family.type, ("",))]
