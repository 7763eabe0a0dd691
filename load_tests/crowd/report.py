"""The report of a run: one HTML page that needs no other file. A pure function of the record."""

from collections.abc import Iterable
from html import escape

from load_tests.bench.outcome import Series
from load_tests.bench.plots import inline_svgs
from load_tests.crowd.record import CrowdRecord, Readers

STYLE = (
    "body{font:16px system-ui,sans-serif;max-width:56rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}"
    "table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #ddd;padding:.3rem;text-align:left}"
    "td:nth-child(2){text-align:right;white-space:nowrap}svg{width:100%;height:auto}.bad{color:#a00;font-weight:bold}"
)
KIB = 1024


def html(record: CrowdRecord) -> str:
    """The whole page as text."""
    body = [
        "<h1>A crowd in one room</h1>",
        f"<p>{escape(summary(record))}</p>",
        *(f'<p class="bad">{escape(line)}</p>' for line in warnings(record)),
        "<table>",
        *(
            f"<tr><td>{escape(what)}</td><td>{escape(figure)}</td><td>{escape(note)}</td></tr>"
            for what, figure, note in rows(record)
        ),
        "</table>",
        *(f"<h2>{escape(name)}</h2>{svg}" for name, svg in inline_svgs(series(record)).items()),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Hotchat: a crowd</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n<body>\n'
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def summary(record: CrowdRecord) -> str:
    plan = record.plan
    return (
        f"{plan.streams} streams arrived ({plan.shape}) within {plan.seconds} s; {plan.probes} probes, "
        f"{plan.authors} authors, {plan.reactors} reactors, {plan.readers} notify readers "
        f"and {plan.refreshers} people who refresh. Policy: {record.policy}."
    )


def warnings(record: CrowdRecord) -> list[str]:
    """What a reader must know before the figures."""
    found = []
    if record.saturated:
        found.append(
            f"GENERATOR SATURATED: {'; '.join(record.saturated)}. The figures may be its own limit, not the servers'."
        )
    if not record.is_exact:
        found.append("Events were lost, doubled or reordered: see the table.")
    if record.streams.open < record.streams.wanted:
        found.append(f"{record.streams.wanted - record.streams.open} streams are not open at the end.")
    return found


def rows(record: CrowdRecord) -> list[tuple[str, str, str]]:
    """What, its figure, and how to read it."""
    streams, probes, readers, servers = record.streams, record.probes, record.readers, record.servers
    return [
        (
            "streams: lost, doubled, reordered",
            _three(streams),
            f"of {streams.rows} rows on {streams.judged} streams; the calm lane skipped {streams.skipped}",
        ),
        (
            "probes: lost, doubled, reordered",
            _three(probes),
            f"{probes.seen_exactly_once} of {probes.posts} posts seen once by all",
        ),
        (
            "streams open, refused, closed, gaps",
            f"{streams.open}, {streams.refused}, {streams.closed}, {streams.gaps}",
            "at the end; the others since the start",
        ),
        (
            "time to visible: p50, p99",
            f"{streams.p50_ms:.0f}, {streams.p99_ms:.0f} ms",
            f"greatest {streams.max_ms:.0f} ms, of {streams.samples} posts on sampled streams",
        ),
        *_reader_rows("notify readers", readers),
        *(_reader_rows("people who refresh", record.refreshers) if record.refreshers.count else []),
        *(_reader_rows("checked readers", record.checked) if record.checked.count else []),
        ("bytes of one stream", f"{record.bytes_per_stream / KIB:.1f} KiB", "headers of HTTP included"),
        (
            "store reads per fetch",
            f"{servers.reads_per_fetch:.4f}",
            f"{servers.read_statements} statements, {servers.fetches} fetches, {servers.fetches_refused} refused",
        ),
        (
            "seconds in which the room was hot",
            f"{servers.was_hot_s}",
            f"it turns hot at {record.plan.enter_per_s:g} fetches a second",
        ),
        (
            "answers to authors",
            f"p99 {record.answer_p99_s * 1000:.0f} ms",
            ", ".join(f"{count} × {status}" for status, count in sorted(record.answers.items())),
        ),
        *(
            (
                f"{role}: CPU, memory",
                f"{record.greatest_share(role):.0%}, {_most_mib(record, role):.0f} MiB",
                "greatest share of a core over 5 s; greatest memory",
            )
            for role in roles(record)
        ),
        ("the generator's clock", f"{record.late_tick_ms:.0f} ms late", "99th percentile"),
    ]


def _reader_rows(who: str, readers: Readers) -> list[tuple[str, str, str]]:
    stale, current = readers.staleness_s, readers.until_current_s
    return [
        (
            f"{who}: staleness p50, p99",
            f"{stale.p50:.2f}, {stale.p99:.2f} s",
            f"greatest {stale.greatest:.2f} s, of {stale.count}",
        ),
        (
            f"{who}: fetches, refused",
            f"{readers.fetches}, {readers.refused}",
            f"{readers.refused_share:.1%} refused or dropped, {readers.failed} failed",
        ),
        (
            f"{who}: first refusal until current, p50, p99",
            f"{current.p50:.2f}, {current.p99:.2f} s",
            f"greatest {current.greatest:.2f} s, of {current.count}",
        ),
        (
            f"{who}: current at the end",
            f"{readers.current} of {readers.count}",
            "with the last event of the room",
        ),
    ]


def series(record: CrowdRecord) -> list[Series]:
    at_s = [float(round(one.at_s)) for one in record.presence]  # from 0, which keeps the axis linear
    lines = [
        Series("streams open", "wanted", "seconds", "streams", at_s, [one.wanted for one in record.presence]),
        Series("streams open", "open", "seconds", "streams", at_s, [one.open for one in record.presence]),
    ]
    for role in roles(record):
        uses = [use for use in record.uses if use.role == role]
        times = [float(round(use.at_s)) for use in uses]
        lines.append(
            Series("CPU", role, "seconds", "share of a core", times, [use.cpu_share for use in uses])
        )
        lines.append(Series("memory", role, "seconds", "MiB", times, [use.rss_mib for use in uses]))
    groups = {
        "notify readers": record.readers,
        "people who refresh": record.refreshers,
        "checked readers": record.checked,
    }
    for who, readers in groups.items():
        if values := readers.staleness_values_s:
            shares = [place / len(values) for place in range(len(values))]
            lines.append(Series("staleness", who, "share of samples", "seconds", shares, values))
    return lines


def roles(record: CrowdRecord) -> list[str]:
    return sorted({use.role for use in record.uses})


def text_lines(record: CrowdRecord) -> Iterable[str]:
    """The same table for a terminal."""
    yield summary(record)
    for what, figure, note in rows(record):
        yield f"{what:<42} {figure:>24}  {note}"
    yield from warnings(record)


def _three(counts: object) -> str:
    return ", ".join(str(getattr(counts, name)) for name in ("lost", "doubled", "reordered"))


def _most_mib(record: CrowdRecord, role: str) -> float:
    return max((use.rss_mib for use in record.uses if use.role == role), default=0.0)
