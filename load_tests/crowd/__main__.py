"""`make crowd`: a crowd enters one room of a temporary stack; one HTML report and its figures as JSON."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import uvloop

from load_tests.bench.cores import LOAD_CORE, on_core
from load_tests.bench.fixtures import allow_many_files
from load_tests.bench.stores import open_stores
from load_tests.crowd.arrivals import SHAPES
from load_tests.crowd.plan import FULL, MAX_PEOPLE, MAX_READERS, MAX_SECONDS, MAX_STREAMS, Plan
from load_tests.crowd.record import CrowdRecord
from load_tests.crowd.report import html, text_lines
from load_tests.crowd.run import run_crowd
from load_tests.jmeter.installation import MissingTool

HOME = Path(__file__).resolve().parent.parent.parent / "build" / "crowd"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if nothing was lost, doubled or reordered; 1 if something was; 2 if a tool is missing."""
    plan = plan_of(arguments)
    allow_many_files()
    try:
        with on_core(LOAD_CORE), open_stores() as stores:
            record = uvloop.run(run_crowd(stores, plan))
    except MissingTool as missing:
        print(missing, file=sys.stderr)
        return 2
    print("\n".join(text_lines(record)))
    for path in write(record, HOME):
        print(f"Written: {path}")
    return 0 if record.is_exact else 1


def plan_of(arguments: Sequence[str] | None, base: Plan = FULL) -> Plan:
    """`base` with the numbers that were given. Exits with a sentence if a number is out of bounds."""
    parser = argparse.ArgumentParser(prog="make crowd", description=__doc__)
    bounds = {
        "streams": (1, MAX_STREAMS),
        "probes": (1, MAX_PEOPLE),
        "authors": (1, MAX_PEOPLE),
        "reactors": (0, MAX_PEOPLE),
        "readers": (0, MAX_READERS),
        "refreshers": (0, MAX_READERS),
        "checked": (0, MAX_PEOPLE),
        "seconds": (1, MAX_SECONDS),
    }
    for name, (least, most) in bounds.items():
        parser.add_argument(
            f"--{name}", type=int, default=getattr(base, name), help=f"{least} to {most}; default %(default)s"
        )
    parser.add_argument("--shape", choices=SHAPES, default=base.shape, help="how the streams arrive")
    chosen = vars(parser.parse_args(arguments))
    for name, (least, most) in bounds.items():
        if not least <= chosen[name] <= most:
            parser.error(f"--{name} must be from {least} to {most}")
    return replace(base, **chosen)


def write(record: CrowdRecord, folder: Path) -> list[Path]:
    """report.html and results.json in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    report, results = folder / "report.html", folder / "results.json"
    report.write_text(html(record))
    results.write_bytes(msgspec.json.format(msgspec.json.encode(record), indent=2))
    return [report, results]


if __name__ == "__main__":
    sys.exit(main())
