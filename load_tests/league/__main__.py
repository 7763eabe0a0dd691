"""`make league`: the same crowd against Hotchat, Centrifugo and nchan; one table, also as JSON in build/league."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from dataclasses import asdict

import orjson

from load_tests.bench.__main__ import BUSY_SHARE
from load_tests.bench.cores import LOAD_CORE, on_core
from load_tests.bench.fixtures import allow_many_files
from load_tests.bench.machine import busy_share, describe
from load_tests.bench.stores import open_stores
from load_tests.jmeter.installation import MissingTool
from load_tests.league.go_programs import CENTRIFUGO, HOME
from load_tests.league.page import write_page
from load_tests.league.plan import FULL, TINY
from load_tests.league.run import CONTESTANTS, compete
from load_tests.league.standing import markdown, text_table


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every program that is installed could be measured; 1 if not; 2 if a tool of ours is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", action="store_true", help="only build what needs building")
    parser.add_argument("--only", help="measure the programs whose names contain this text")
    parser.add_argument(
        "--tiny", action="store_true", help="only check that it runs; the figures mean nothing"
    )
    parser.add_argument("--page", action="store_true", help="also write the table into docs/league.md")
    chosen = parser.parse_args(arguments)
    if reason := CENTRIFUGO.build():
        print(f"{reason}.", file=sys.stderr)
    if chosen.build:
        return 1 if CENTRIFUGO.why_absent() else 0
    contestants = [one for one in CONTESTANTS if (chosen.only or "").lower() in one.name.lower()]
    if not contestants:
        parser.error(f"no program has this name; there are {', '.join(one.name for one in CONTESTANTS)}")
    plan, machine = TINY if chosen.tiny else FULL, describe()
    print(", ".join(f"{key}: {value}" for key, value in machine.items()))
    if (busy := busy_share(1.0)) > BUSY_SHARE:
        print(
            f"Other programs use {busy:.0%} of this machine, so every figure will be worse than on an idle one."
        )
    allow_many_files()
    try:
        with on_core(LOAD_CORE), open_stores() as stores:
            standings = asyncio.run(compete(contestants, stores, plan))
    except MissingTool as missing:
        print(missing, file=sys.stderr)
        return 2
    first_per_s = plan.readers * plan.steps[0]
    print(text_table(standings, first_per_s))
    results = HOME / ("tiny.json" if chosen.tiny else "results.json")
    results.parent.mkdir(parents=True, exist_ok=True)
    document = {"machine": machine, "plan": asdict(plan), "standings": [asdict(one) for one in standings]}
    results.write_bytes(orjson.dumps(document, option=orjson.OPT_INDENT_2))
    print(f"Written: {results}")
    if chosen.page:
        write_page(markdown(machine, standings, first_per_s))
    return 0 if all(one.is_whole for one in standings) else 1


if __name__ == "__main__":
    sys.exit(main())
