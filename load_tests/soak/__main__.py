"""`make soak`: 200 posts a second to 1,000 streams for half an hour; memory, descriptors and tasks must stay flat."""

import argparse
import asyncio
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Final

import aiohttp
import psutil
import uvloop

from load_tests.bench.fixtures import allow_many_files
from load_tests.bench.leak_check import growth, is_flat
from load_tests.bench.outcome import Series
from load_tests.bench.plots import draw
from load_tests.bench.server_metrics import sum_of
from load_tests.chaos.crowd import Crowd, CrowdSize, open_crowd
from load_tests.chaos.report import LEGEND, Row, head_line, last_lines
from load_tests.chaos.system import ROOT, System, open_system
from local_stack.apache_kafka import missing_tool
from local_stack.server_process import ServerProcess

SIZE: Final = CrowdSize(rooms=20, authors=256, tabs=1_000, hot_share=0)
"""78 % of the authors' writes are posts."""

SAMPLE_S: Final = 5.0
WINDOW_S: Final = 60.0
PLOTS: Final = ROOT / "docs" / "plots"
FLAT_SHARE: Final = 0.1
SLACK: Final = {"memory": 16.0, "descriptors": 20.0, "tasks": 20.0}
LABELS: Final = {
    "memory": "resident memory, MiB",
    "descriptors": "open descriptors",
    "tasks": "asyncio tasks",
}

Samples = Mapping[str, Mapping[str, Sequence[float]]]
"""Measurement → server → values, one every SAMPLE_S."""


def main() -> None:
    options = _options()
    if missing := missing_tool():
        sys.exit(f"Apache Kafka needs {missing}. Get it with: apt-get install -y default-jre-headless maven")
    allow_many_files()
    rows, samples = uvloop.run(_soak(options.minutes))
    for path in draw(_series(samples), options.plots):
        print(f"plotted {path}")
    grown = _report(samples)
    print("\n".join(["", *last_lines(rows), *grown]))
    sys.exit(0 if rows and all(row.is_good for row in rows) and not grown else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--plots", type=Path, default=PLOTS)
    return parser.parse_args()


async def _soak(minutes: float) -> tuple[list[Row], Samples]:
    print(f"{LEGEND}\n\n{head_line()}", flush=True)
    rows: list[Row] = []
    samples: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    async with (
        open_system() as system,
        open_crowd(system.chat_urls, system.publishers, SIZE, name="soak", rng=Random(1)) as crowd,
    ):
        sampling = asyncio.create_task(_sample(system, crowd.http, samples))
        ends_s = time.monotonic() + minutes * 60
        try:
            while time.monotonic() < ends_s:
                row = await _window(system, crowd, f"minute {len(rows) + 1}", ends_s)
                print(row.line(), *(f"\n    {note}" for note in row.notes()), flush=True)
                rows.append(row)
        finally:
            sampling.cancel()
            await asyncio.gather(sampling, return_exceptions=True)
    return rows, samples


async def _window(system: System, crowd: Crowd, name: str, ends_s: float) -> Row:
    system.findings.clear()
    crowd.begin_window()
    await asyncio.sleep(max(1.0, min(WINDOW_S, ends_s - time.monotonic())))
    normal_s = await crowd.back_to_normal(time.monotonic())
    return Row(name, await crowd.judge_window(normal_s), tuple(system.findings))


async def _sample(
    system: System, http: aiohttp.ClientSession, samples: dict[str, dict[str, list[float]]]
) -> None:
    while True:
        for server in system.servers:
            process = psutil.Process(server.pid)
            samples["memory"][server.name].append(process.memory_info().rss / 2**20)
            samples["descriptors"][server.name].append(process.num_fds())
            if server.port:
                samples["tasks"][server.name].append(await _tasks(http, server))
        await asyncio.sleep(SAMPLE_S)


async def _tasks(http: aiohttp.ClientSession, server: ServerProcess) -> float:
    async with http.get(f"{server.base_url}/metrics") as answer:
        return sum_of(await answer.text(), "hotchat_asyncio_tasks")


def _series(samples: Samples) -> list[Series]:
    return [
        Series(
            plot=f"soak-{what}",
            label=server,
            x=[number * SAMPLE_S / 60 for number in range(len(values))],
            y=list(values),
            x_label="minutes",
            y_label=LABELS[what],
        )
        for what, by_server in samples.items()
        for server, values in by_server.items()
    ]


def _report(samples: Samples) -> list[str]:
    """Print the first and last value of each figure. Returns a sentence for each that is not flat."""
    grown = []
    for what, by_server in samples.items():
        for server, values in by_server.items():
            print(f"{server:18} {LABELS[what]:22} {values[0]:8.0f} → {values[-1]:8.0f}")
            if not is_flat(values, share=FLAT_SHARE, slack=SLACK[what]):
                grown.append(f"{server}: {LABELS[what]} grew by {growth(values):.0f} after the warm-up.")
    return grown


if __name__ == "__main__":
    main()
