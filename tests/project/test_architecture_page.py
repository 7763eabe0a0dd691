"""Each hop in docs/architecture.md names a file and a function that exist."""

import ast
import re
from functools import cache

import pytest

from tests.support.chat_stack import ROOT

PAGE = (ROOT / "docs" / "architecture.md").read_text()
PLACE = re.compile(r"([\w./-]+\.(?:py|tsx?))::([#\w.]+)")
ARROW = re.compile(r"^\s+\w+--?>>\w+: .*$", re.MULTILINE)
DIAGRAMS = re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("path", "name"), sorted(set(PLACE.findall(PAGE))))
def test_the_named_function_is_in_the_named_file(path: str, name: str) -> None:
    assert (ROOT / path).is_file(), f"there is no file {path}"
    assert name in (_python_names(path) if path.endswith(".py") else _typescript_names(path))


def test_two_diagrams_follow_a_post_and_a_fetch_and_every_arrow_names_its_place() -> None:
    assert len(DIAGRAMS) == 2
    for diagram in DIAGRAMS:
        arrows = ARROW.findall(diagram)
        assert len(arrows) >= 10
        assert [arrow for arrow in arrows if len(PLACE.findall(arrow)) != 1] == []


@cache
def _python_names(path: str) -> set[str]:
    """Functions and methods of a module: `function`, `Class.method`."""
    names = set()
    for node in ast.parse((ROOT / path).read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.ClassDef):
            names |= {
                f"{node.name}.{each.name}"
                for each in node.body
                if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
            }
    return names


@cache
def _typescript_names(path: str) -> set[str]:
    """Functions and methods of a module, as they are written: `function`, `method`, `#privateMethod`."""
    source = (ROOT / path).read_text()
    functions = re.findall(r"^(?:export )?(?:async )?function (\w+)", source, re.MULTILINE)
    methods = re.findall(r"^  (?:async )?(#?\w+)(?:<.*>)?\(.*\).*\{$", source, re.MULTILINE)
    openings = re.findall(r"^  (?:async )?(#?\w+)\($", source, re.MULTILINE)
    arrows = re.findall(r"^(?:export const |  (?:readonly )?)(#?\w+) = (?:async )?\(", source, re.MULTILINE)
    return {*functions, *methods, *openings, *arrows}
