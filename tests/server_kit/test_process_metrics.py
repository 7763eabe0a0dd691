"""Metrics of the process: equal to those of prometheus_client, without its list of descriptors."""

import os
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client import Metric, ProcessCollector

from server_kit import process_metrics
from server_kit.process_metrics import ProcessMetrics, open_descriptors


def values(metrics: Iterable[Metric]) -> dict[str, float]:
    return {sample.name: sample.value for metric in metrics for sample in metric.samples}


def test_the_metrics_equal_those_of_prometheus_client() -> None:
    ours, theirs = values(ProcessMetrics().collect()), values(ProcessCollector(registry=None).collect())
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(value, rel=0.2, abs=2), name


def test_open_descriptors_are_counted_without_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    before = open_descriptors()
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(100)]
    try:
        if process_metrics.DESCRIPTORS.stat().st_size:
            monkeypatch.setattr(Path, "iterdir", None)
        assert open_descriptors() == before + 100
    finally:
        for descriptor in opened:
            os.close(descriptor)
