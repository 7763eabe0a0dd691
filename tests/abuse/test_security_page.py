"""docs/security.md names only existing tests and settings, and every finding has an attack."""

import re

import pytest

from load_tests.abuse.attacks import ATTACKS
from load_tests.abuse.security_page import PAGE
from load_tests.bench.fixtures import ROOT

PAGE_TEXT = PAGE.read_text()
FINDINGS = (
    "C1",
    "C2",
    "H1",
    "H2",
    "H3",
    "H4",
    "H5",
    "M1",
    "M2",
    "M3",
    "M4",
    "M5",
    "M6",
    "M7",
    "M8",
    "M9",
    "M10",
    "M12",
    "L",
)
"""Without M11, which concerns the text of a link in the frontend and involves no request."""


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[a-z_/]+\.py)`", PAGE_TEXT))))
def test_a_named_test_exists(path: str) -> None:
    assert (ROOT / path).exists()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", PAGE_TEXT))))
def test_a_named_setting_exists(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "settings.md").read_text()


@pytest.mark.parametrize("module", sorted({attack.run.__module__.rpartition(".")[2] for attack in ATTACKS}))
def test_every_module_of_attacks_is_in_the_table(module: str) -> None:
    assert f"| `{module}` |" in PAGE_TEXT


@pytest.mark.parametrize("finding", FINDINGS)
def test_every_finding_has_an_attack(finding: str) -> None:
    assert any(finding in attack.findings for attack in ATTACKS)


def test_attack_names_are_unique() -> None:
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
