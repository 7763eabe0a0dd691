"""`make compare`: the same crowd under each policy; one table, also as JSON in build/crowd."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import uvloop

from load_tests.bench.cores import LOAD_CORE, on_core
from load_tests.bench.fixtures import allow_many_files
from load_tests.bench.machine import describe
from load_tests.bench.stores import Stores, open_stores
from load_tests.crowd.__main__ import HOME, plan_of
from load_tests.crowd.plan import COMPARED, Plan
from load_tests.crowd.policies import POLICIES, Policy, table
from load_tests.crowd.policy_plots import draw_policies
from load_tests.crowd.record import CrowdRecord
from load_tests.crowd.run import run_crowd
from load_tests.jmeter.installation import MissingTool

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "hot-rooms.md"
PLOTS = PAGE.with_suffix("")
BEGIN, END = "<!-- figures: made by `make compare` -->", "<!-- end of the figures -->"
MAX_SECONDS = 30
"""So that all policies take at most eight minutes."""


async def compare(stores: Stores, plan: Plan, policies: Sequence[Policy]) -> list[CrowdRecord]:
    """One record for each policy, in order, each from fresh servers."""
    records = []
    for policy in policies:
        print(f"{policy.name} …", flush=True)
        records.append(
            await run_crowd(
                stores,
                plan,
                policy=policy.name,
                settings=policy.settings,
                query=policy.query,
                target_posts_per_s=policy.target_posts_per_s,
                signs=policy.signs,
            )
        )
    return records


def with_table(page: str, text: str) -> str:
    """The page with everything between the marks replaced. Raises ValueError if it has no marks."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError("docs/hot-rooms.md lacks the marks around its figures")
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"


def conditions(plan: Plan) -> str:
    """The crowd and the machine, as a sentence for the page."""
    taken_on = ", ".join(f"{key}: {value}" for key, value in describe().items())
    return (
        f"The crowd: {plan.streams:,} streams, {plan.probes} probes, {plan.authors} authors, {plan.reactors} reactors, "
        f"{plan.readers:,} notify readers and {plan.refreshers:,} refreshers "
        f"for {plan.seconds} s. Taken on: {taken_on}."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if all policies were measured; 2 if a tool is missing. `--page` also writes docs/hot-rooms.md."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    writes_page = "--page" in given
    plan = plan_of([one for one in given if one != "--page"], COMPARED)
    plan = replace(plan, seconds=min(plan.seconds, MAX_SECONDS))
    allow_many_files()
    try:
        with on_core(LOAD_CORE), open_stores() as stores:
            records = uvloop.run(compare(stores, plan, POLICIES))
    except MissingTool as missing:
        print(missing, file=sys.stderr)
        return 2
    text = f"{conditions(plan)}\n\n{table(records)}"
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "compare.json").write_bytes(msgspec.json.format(msgspec.json.encode(records), indent=2))
    print(f"{text}\nWritten: {HOME / 'compare.json'}")
    if writes_page:
        plots = "\n".join(f"![{plot.stem}](hot-rooms/{plot.name})" for plot in draw_policies(records, PLOTS))
        PAGE.write_text(with_table(PAGE.read_text(), f"{text}\n\n{plots}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
