"""Reads counters of running servers while something may be broken."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

WITHIN_S: Final = 5.0
FAILED_WRITES: Final = "hotchat_writes_failed_total"


async def refusals(http: aiohttp.ClientSession, chat_urls: Sequence[str]) -> Counter[str]:
    """Writes that chat_servers refused since their start, by reason. An unreachable server counts as 0."""
    found: Counter[str] = Counter()
    for url in chat_urls:
        try:
            timeout = aiohttp.ClientTimeout(total=WITHIN_S)
            async with http.get(f"{url}/metrics", timeout=timeout) as answer:
                text = await answer.text()
        except (aiohttp.ClientError, OSError, TimeoutError):
            continue
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                if sample.name == FAILED_WRITES:
                    found[sample.labels["reason"]] += round(sample.value)
    return found
