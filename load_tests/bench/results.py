"""Writes results as a table and as a JSON file."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
import orjson

from load_tests.bench.outcome import Better, Outcome, Row

BUILD = Path(__file__).resolve().parent.parent.parent / "build" / "bench"
_HEADINGS = ("what", "ours", "reference", "ratio", "goal", "")


def table(rows: list[Row]) -> str:
    """Columns are padded to their widest cell; notes are below their row."""
    cells = [_cells(row) for row in rows]
    widths = [max(len(line[i]) for line in [_HEADINGS, *cells]) for i in range(len(_HEADINGS))]

    def padded(line: tuple[str, ...]) -> str:
        return "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()

    lines = [padded(_HEADINGS), "  ".join("-" * width for width in widths).rstrip()]
    for row, line in zip(rows, cells, strict=True):
        lines.append(padded(line))
        if row.note:
            lines.append(f"    {row.note}")
    return "\n".join(lines)


def write_json(path: Path, machine: Mapping[str, str], outcomes: Mapping[str, Outcome]) -> None:
    figures = {
        name: {
            "rows": [row.as_json() for row in outcome.rows],
            "series": [vars(series) for series in outcome.series],
        }
        for name, outcome in outcomes.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(orjson.dumps({"machine": machine, "figures": figures}, option=orjson.OPT_INDENT_2))


def read_json(path: Path, machine: Mapping[str, str]) -> dict[str, Outcome]:
    """The results of earlier runs on this machine, by figure."""
    if not path.exists():
        return {}
    stored = msgspec.json.decode(path.read_bytes(), type=_Stored)
    return stored.figures if stored.machine == machine else {}


class _Stored(msgspec.Struct):
    machine: dict[str, str]
    figures: dict[str, Outcome]


def number(value: float) -> str:
    """Three significant digits, thousands separated: 1,000,000 · 12.3 · 0.063."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def goals(row: Row) -> str:
    """`≥ 980,000, ≥ 10 ×`; empty without a goal."""
    sign = "≥" if row.better is Better.HIGHER else "≤"
    bounds = [f"{sign} {number(row.goal)}"] if row.goal is not None else []
    if row.ratio_goal is not None:
        bounds.append(f"{sign} {number(row.ratio_goal)} ×")
    return ", ".join(bounds)


def _cells(row: Row) -> tuple[str, ...]:
    reference = f"{number(row.reference_value)} {row.reference}" if row.reference_value else row.reference
    met = {True: "met", False: "MISSED", None: ""}[row.met]
    ratio = f"{number(row.ratio)} ×" if row.ratio is not None else ""
    return (row.what, f"{number(row.ours)} {row.unit}", reference, ratio, goals(row), met)
