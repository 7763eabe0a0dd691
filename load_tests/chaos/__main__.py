"""`make chaos`: each fault alone, or a random mix with MINUTES=. Exit code 0 means that every promise held."""

import argparse
import sys
import time
from collections.abc import Iterable
from random import Random

import uvloop

from load_tests.bench.fixtures import allow_many_files
from load_tests.chaos.crowd import CrowdSize, open_crowd
from load_tests.chaos.fault import Fault
from load_tests.chaos.faults import FAULTS
from load_tests.chaos.report import LEGEND, Row, head_line, last_lines, not_tried_line
from load_tests.chaos.run import mixed, run_faults
from load_tests.chaos.system import open_system
from local_stack.apache_kafka import missing_tool

SIZE = CrowdSize(rooms=6, authors=110, tabs=120)


def main() -> None:
    options = _options()
    if missing := missing_tool():
        sys.exit(f"Apache Kafka needs {missing}. Get it with: apt-get install -y default-jre-headless maven")
    allow_many_files()
    rows = uvloop.run(_run(options))
    print("\n".join(["", *last_lines(rows)]))
    sys.exit(0 if rows and all(row.is_good for row in rows) else 1)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, help="mix faults at random for this many minutes")
    parser.add_argument("--seed", type=int, default=1, help="the same seed mixes the same faults")
    parser.add_argument("--only", default="", help="faults whose name contains this text")
    return parser.parse_args()


async def _run(options: argparse.Namespace) -> list[Row]:
    rng = Random(options.seed)
    named = [fault for fault in FAULTS if options.only in fault.name]
    chosen = [fault for fault in named if fault.missing() is None]
    print(f"{LEGEND}\n\n{head_line()}", flush=True)
    for fault in named:
        if reason := fault.missing():
            print(not_tried_line(fault.name, reason), flush=True)
    if options.minutes:
        return await _run_on_new_system(
            mixed(chosen, options.minutes, rng, time.monotonic), rng, with_detour=True
        )
    straight = [fault for fault in chosen if not fault.needs_detour]
    detoured = [fault for fault in chosen if fault.needs_detour]
    rows = await _run_on_new_system(straight, rng, with_detour=False) if straight else []
    return rows + (await _run_on_new_system(detoured, rng, with_detour=True) if detoured else [])


async def _run_on_new_system(faults: Iterable[Fault], rng: Random, *, with_detour: bool) -> list[Row]:
    async with (
        open_system(with_detour=with_detour) as system,
        open_crowd(
            system.chat_urls, system.publishers, SIZE, name="chaos", rng=Random(rng.random())
        ) as crowd,
    ):
        return await run_faults(system, crowd, faults, _show)


def _show(row: Row) -> None:
    print(row.line(), flush=True)
    for note in row.notes():
        print(f"    {note}", flush=True)


if __name__ == "__main__":
    main()
