"""Runs one plan in its own JMeter process and reads its samples."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path

from load_tests.jmeter.installation import java_command
from load_tests.jmeter.samples import Samples, jtl_rows, read_samples

PLANS = Path(__file__).parent
START_S = 300.0
"""Time in addition to the plan itself: start, ramp, slow responses, report. JMeter has a low priority: a busy machine
takes minutes for them."""


class PlanFailed(Exception):
    """JMeter failed or did not end. The text ends with its last output."""


@dataclass(frozen=True)
class Crowd:
    """The parameters of the plans, passed as `-J` options. Each plan reads those that it knows."""

    host: str
    port: int
    room: str = "lobby"
    threads: int = 700
    ramp_s: int = 1
    loops: int = 10
    hold_s: int = 0
    stream_url: str = ""
    stream_s: int = 5
    cold_room: str = "cold"
    cold_threads: int = 10
    minutes: float = 10

    def options(self) -> list[str]:
        return [f"-J{name}={value}" for name, value in vars(self).items()]


async def run_plan(
    name: str, crowd: Crowd, folder: Path, *, report: bool = True, give_up_s: float
) -> Samples:
    """Run `<name>.jmx`. Results and HTML report go to `folder`/<name>. Raises PlanFailed.

    JMeter runs with low priority: on one machine, its hundreds of threads would starve the servers.
    """
    out = folder / name
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    results = out / "results.jtl"
    command = ["nice", "-n", "5", *java_command(), "-n", "-t", str(PLANS / f"{name}.jmx"), "-l", str(results)]
    command += [
        "-j",
        str(out / "jmeter.log"),
        "-Jjmeterengine.nongui.port=0",
        "-Jsummariser.name=",
        *crowd.options(),
    ]
    if report:
        command += ["-e", "-o", str(out / "report")]
    with (out / "console.log").open("wb") as console:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=asyncio.subprocess.DEVNULL, stdout=console, stderr=console
        )
        try:
            exit_code = await asyncio.wait_for(process.wait(), give_up_s + START_S)
        except TimeoutError:
            raise PlanFailed(f"{name} did not end within {give_up_s + START_S:g} s; see {out}") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if exit_code != 0 or not results.exists():
        raise PlanFailed(f"{name}: JMeter ended with {exit_code}: {_last_lines(out / 'console.log')}")
    return await asyncio.to_thread(_read, results)


def _read(results: Path) -> Samples:
    with jtl_rows(results) as rows:
        return read_samples(rows)


def _last_lines(log: Path, lines: int = 5) -> str:
    return " | ".join(log.read_text(errors="replace").splitlines()[-lines:])
