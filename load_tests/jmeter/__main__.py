"""`make load`: a flash crowd in one room, then a chat mix, and a verdict.

`make load ARGS="--plan join-storm"` runs one other plan: join-storm, two-rooms or soak.

Starts a temporary stack unless HOST=host[:port] names a running system (PORT is read, too). ROOM=id loads that room
instead of a new one; it must be cold.
Exits 1 when nothing was refused, the room did not heat and cool, or a request failed.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx

from load_tests.jmeter.installation import MissingTool, install
from load_tests.jmeter.plan import PlanFailed
from load_tests.jmeter.single_plans import SINGLE_PLANS, run_single_plan
from load_tests.jmeter.storm import Sizes, storm
from load_tests.jmeter.storm_verdict import SHARE_ADVICE
from load_tests.jmeter.temporary_stack import StackFailed, Target, temporary_stack

STORM = "storm"
RESULTS = Path(__file__).resolve().parent.parent.parent / "build" / "load"


def main(arguments: Sequence[str] | None = None) -> int:
    plan, sizes, host = _options(arguments)
    room = os.environ.get("ROOM") or None
    try:
        install()
        with ExitStack() as stack:
            target = _given_target(host, os.environ.get("PORT", "")) or stack.enter_context(
                temporary_stack(_settings(sizes))
            )
            if plan == STORM:
                print(f"{sizes.threads} threads fetch one room of {target.url} …", flush=True)
                verdict = asyncio.run(storm(target, sizes, RESULTS, room))
            else:
                print(f"The plan {plan} loads {target.url} …", flush=True)
                verdict = asyncio.run(run_single_plan(plan, target, sizes, RESULTS, room))
    except (MissingTool, StackFailed, PlanFailed) as error:
        print(error, file=sys.stderr)
        return 2
    except (httpx.HTTPError, TimeoutError) as error:
        print(f"The server did not answer: {error!r}", file=sys.stderr)
        if isinstance(error, httpx.HTTPStatusError) and error.response.status_code == 429:
            print(SHARE_ADVICE, file=sys.stderr)
        return 2
    print("\n".join(verdict.sentences))
    run = ("flash-crowd", "chat-mix") if plan == STORM else (plan,)
    print("Reports: " + ", ".join(f"{RESULTS}/{name}/report/index.html" for name in run))
    for fault in verdict.faults:
        print(f"FAULT: {fault}", file=sys.stderr)
    return 1 if verdict.faults else 0


def _settings(sizes: Sizes) -> dict[str, str]:
    """The threshold of heat for this crowd. All its sessions come from one address, so the limit of sessions is off."""
    return {"HOTCHAT_ENTER_PER_S": str(sizes.enter_per_s), "SESSIONS_PER_ADDRESS_PER_MIN": "0"}


def _given_target(host: str, port: str) -> Target | None:
    """`localhost`, `localhost:8000`, `http://localhost:8000/`; None when empty."""
    given = host.removeprefix("http://").rstrip("/")
    if not given:
        return None
    name, _, own_port = given.partition(":")
    return Target(name, int(own_port or port or 8000))


def _options(arguments: Sequence[str] | None) -> tuple[str, Sizes, str]:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--host", default=os.environ.get("HOST", ""), help="host[:port] of a running system")
    parser.add_argument("--plan", choices=[STORM, *SINGLE_PLANS], default=STORM)
    for name, default in vars(Sizes()).items():
        parser.add_argument(
            f"--{name.replace('_', '-')}", type=type(default), default=default, help=f"{default} by default"
        )
    chosen = vars(parser.parse_args(arguments))
    host = str(chosen.pop("host"))
    plan = str(chosen.pop("plan"))
    return plan, Sizes(**chosen), host


if __name__ == "__main__":
    sys.exit(main())
