"""Rules for the browser tests, whose breach shows only on a slow machine."""

import re
from pathlib import Path

BROWSER_TESTS = Path(__file__).parents[1] / "browser"
WATCHES_AN_ELEMENT_OF_THE_DOCUMENT = re.compile(
    r"observe\(document\.querySelector|= document\.querySelector\([^\n]*\n\s*\w+\.addEventListener"
)


def test_an_observer_or_listener_gets_its_element_from_a_locator_that_waits_for_it() -> None:
    scripts = [
        path
        for path in BROWSER_TESTS.glob("*.py")
        if WATCHES_AN_ELEMENT_OF_THE_DOCUMENT.search(path.read_text())
    ]
    assert scripts == []
