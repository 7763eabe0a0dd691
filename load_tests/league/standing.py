"""The league's table: a column for each program, a row for each figure. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from load_tests.bench.results import number
from load_tests.league.climb import Climb, Step
from load_tests.league.verdict import Exactness

EMPTY = "–"


@dataclass(frozen=True)
class Standing:
    """A program's results. `absent` is why it cannot run here. `notes` say why a part failed."""

    name: str
    stores: str
    climb: Climb | None = None
    kill: Exactness | None = None
    notes: tuple[str, ...] = ()
    absent: str = ""

    @property
    def is_whole(self) -> bool:
        """Nothing failed: it was measured in full, or is not installed."""
        return bool(self.absent) or (self.climb is not None and self.kill is not None)


@dataclass(frozen=True)
class Figure:
    what: str
    of: Callable[[Standing], str]


def figures(first_per_s: int) -> list[Figure]:
    """`first_per_s`: deliveries a second at the first step, which all programs were offered."""
    same = f"at {first_per_s:,} deliveries/s"
    return [
        Figure("keeps messages in", lambda one: one.stores),
        Figure("sustained deliveries/s", _of_climb(_sustained)),
        Figure("… p50 there, ms", _of_best(lambda step: number(step.p50_ms))),
        Figure("… p99 there, ms", _of_best(lambda step: number(step.p99_ms))),
        Figure("… CPU there, % of a core", _of_best(lambda step: number(100 * step.server_share))),
        Figure("… generator there, % of its core", _of_best(_generator)),
        Figure(f"{same}: p50, ms", _of_first(lambda step: number(step.p50_ms))),
        Figure(f"{same}: p99, ms", _of_first(lambda step: number(step.p99_ms))),
        Figure(f"{same}: CPU, % of a core", _of_first(lambda step: number(100 * step.server_share))),
        Figure(f"{same}: generator, % of its core", _of_first(_generator)),
        Figure("memory of a reader, KiB of the process", _of_climb(lambda climb: number(climb.process_kib))),
        Figure("memory of a reader, KiB of the kernel", _of_climb(_kernel)),
        Figure("kill -9: deliveries expected", _of_kill(lambda kill: f"{kill.deliveries:,}")),
        Figure("… lost", _of_kill(lambda kill: f"{kill.lost:,}")),
        Figure("… doubled", _of_kill(lambda kill: f"{kill.doubled:,}")),
        Figure("… reordered", _of_kill(lambda kill: f"{kill.reordered:,}")),
        Figure("… readers notified of a loss", _of_kill(lambda kill: f"{kill.notified:,}")),
        Figure("… longest silence of a reader, s", _of_kill(lambda kill: number(kill.longest_silence_s))),
    ]


def text_table(standings: Sequence[Standing], first_per_s: int) -> str:
    """Columns are padded to their widest cell; notes are below the table."""
    lines = [("", *(one.name for one in standings))]
    lines += [(figure.what, *map(figure.of, standings)) for figure in figures(first_per_s)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    table = [
        "  ".join(c.ljust(width) for c, width in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    return "\n".join([*table, *notes(standings)])


def markdown(machine: Mapping[str, str], standings: Sequence[Standing], first_per_s: int) -> str:
    names = [one.name for one in standings]
    lines = [
        f"Taken on: {', '.join(f'{key}: {value}' for key, value in machine.items())}.",
        "",
        f"| | {' | '.join(names)} |",
        f"| --- |{' --- |' * len(names)}",
        *(f"| {f.what} | {' | '.join(map(f.of, standings))} |" for f in figures(first_per_s)),
    ]
    found = notes(standings)
    return "\n".join([*lines, *(["", *(f"- {note}" for note in found)] if found else [])])


def notes(standings: Iterable[Standing]) -> list[str]:
    absent = [f"{one.name}: not measured: {one.absent}" for one in standings if one.absent]
    return [*absent, *(f"{one.name}: {note}" for one in standings for note in (*one.notes, *_limits(one)))]


def _limits(one: Standing) -> list[str]:
    """What a reader must know about the climb: its end, and whether the generator was the limit."""
    if one.climb is None:
        return []
    last, found = one.climb.steps[-1], []
    if one.climb.is_limit_known:
        missing = last.expected - last.deliveries
        found.append(
            f"at {last.offered_per_s:,} deliveries/s offered it delivered {last.per_s:,.0f}/s,"
            f" p99 {number(last.p99_ms)} ms, {last.closed:,} streams closed,"
            f" {missing:,} of {last.expected:,} deliveries missing at the end"
        )
    else:
        found.append("it sustained the last step, so its limit is higher")
    if any(step.is_generator_saturated for step in one.climb.steps):
        found.append("GENERATOR SATURATED: the figure is the generator's limit, not the server's")
    if one.kill is not None and one.kill.unfinished:
        found.append(f"{one.kill.unfinished} readers never got the last message after the kill")
    return found


def _of_climb(cell: Callable[[Climb], str]) -> Callable[[Standing], str]:
    return lambda one: EMPTY if one.climb is None else cell(one.climb)


def _of_first(cell: Callable[[Step], str]) -> Callable[[Standing], str]:
    return _of_climb(lambda climb: cell(climb.steps[0]))


def _of_best(cell: Callable[[Step], str]) -> Callable[[Standing], str]:
    return _of_climb(lambda climb: EMPTY if climb.best is None else cell(climb.best))


def _of_kill(cell: Callable[[Exactness], str]) -> Callable[[Standing], str]:
    return lambda one: EMPTY if one.kill is None else cell(one.kill)


def _sustained(climb: Climb) -> str:
    if climb.best is None:
        return f"< {climb.steps[0].offered_per_s:,}"
    return f"{climb.best.per_s:,.0f}" if climb.is_limit_known else f"≥ {climb.best.per_s:,.0f}"


def _generator(step: Step) -> str:
    return number(100 * step.generator_share)


def _kernel(climb: Climb) -> str:
    return EMPTY if climb.kernel_kib is None else number(climb.kernel_kib)
