"""A Prometheus counter for hot paths: it counts with one dict update, without a lock or a method call."""

from collections.abc import Iterable

from prometheus_client import REGISTRY, Metric
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector


class EventLoopCounter(Collector):
    """Count with `counts[label values] += 1`, from the event loop's thread only. `known`: all label values."""

    def __init__(
        self, name: str, documentation: str, labels: tuple[str, ...], known: Iterable[tuple[str, ...]]
    ) -> None:
        self._name = name.removesuffix("_total")
        self._documentation = documentation
        self._labels = labels
        self.counts: dict[tuple[str, ...], int] = dict.fromkeys(known, 0)
        REGISTRY.register(self)

    def collect(self) -> Iterable[Metric]:
        family = CounterMetricFamily(self._name, self._documentation, labels=self._labels)
        for values, count in self.counts.items():
            family.add_metric(values, count)
        yield family
