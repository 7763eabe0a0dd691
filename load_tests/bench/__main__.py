"""`make bench`, or `python -m load_tests.bench [figure …]`: a table, JSON and plots in build/bench."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

import httpx

from load_tests.bench.cores import LOAD_CORE, on_core
from load_tests.bench.crowds import CrowdFailed
from load_tests.bench.fixtures import allow_many_files
from load_tests.bench.machine import busy_share, describe
from load_tests.bench.outcome import Outcome
from load_tests.bench.performance_page import write_page
from load_tests.bench.plots import draw
from load_tests.bench.registry import FIGURES
from load_tests.bench.results import BUILD, read_json, table, write_json
from load_tests.bench.scale import FULL, TINY, Scale
from load_tests.bench.stores import Stores, open_stores
from load_tests.jmeter.installation import MissingTool

BUSY_SHARE = 0.1


async def measure(names: Sequence[str], stores: Stores, scale: Scale) -> tuple[dict[str, Outcome], list[str]]:
    """Take each figure and print its table. Returns a sentence for each figure that could not be taken."""
    found: dict[str, Outcome] = {}
    failures = []
    for name in names:
        print(f"{name}: {_first_line(name)}", flush=True)
        try:
            found[name] = await FIGURES[name](stores, scale)
        except (CrowdFailed, RuntimeError, OSError, TimeoutError, httpx.HTTPError) as error:
            failures.append(f"{name} could not be measured: {_last_line(error)}")
            print(f"  {failures[-1]}", flush=True)
            continue
        print(table(found[name].rows) + "\n", flush=True)
    return found, failures


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every figure could be taken, whether or not it met its goal; 1 if not; 2 if a tool is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "figures", nargs="*", metavar="figure", help=f"all by default; of {', '.join(FIGURES)}"
    )
    parser.add_argument(
        "--tiny", action="store_true", help="only check that the benchmarks run; the figures mean nothing"
    )
    parser.add_argument("--page", action="store_true", help="also write the figures into docs/performance.md")
    chosen = parser.parse_args(arguments)
    names = chosen.figures or list(FIGURES)
    if unknown := sorted(set(names) - set(FIGURES)):
        parser.error(f"no such figure: {', '.join(unknown)}")
    machine = describe()
    print(", ".join(f"{key}: {value}" for key, value in machine.items()))
    if (busy := busy_share(1.0)) > BUSY_SHARE:
        print(
            f"Other programs use {busy:.0%} of this machine, so every figure will be worse than on an idle one."
        )
    allow_many_files()
    try:
        with on_core(LOAD_CORE), open_stores() as stores:
            found, failures = asyncio.run(measure(names, stores, TINY if chosen.tiny else FULL))
    except MissingTool as missing:
        print(missing, file=sys.stderr)
        return 2
    path = BUILD / ("tiny.json" if chosen.tiny else "results.json")
    known = read_json(path, machine) | found  # keep the figures that this run left out
    known = {name: known[name] for name in FIGURES if name in known}
    write_json(path, machine, known)
    plots = draw((series for outcome in known.values() for series in outcome.series), BUILD)
    print(table([row for outcome in found.values() for row in outcome.rows]))
    if chosen.page:
        write_page(machine, [row for outcome in known.values() for row in outcome.rows], plots)
    print(f"Written: {path}" + "".join(f", {path.name}" for path in plots))
    for failure in failures:
        print(failure, file=sys.stderr)
    return 1 if failures else 0


def _last_line(error: Exception) -> str:
    """The end of the text, where a server's log names the error."""
    return f"{type(error).__name__}: {str(error).strip().splitlines()[-1] if str(error).strip() else ''}"


def _first_line(name: str) -> str:
    module = sys.modules[FIGURES[name].__module__]
    return (module.__doc__ or "").splitlines()[0]


if __name__ == "__main__":
    sys.exit(main())
