"""Rules for the browser tests, whose breach shows only on a slow machine."""

from pathlib import Path

BROWSER_TESTS = Path(__file__).parents[1] / "browser"


def test_an_observer_gets_its_element_from_a_locator_that_waits_for_it() -> None:
    scripts = [
        path for path in BROWSER_TESTS.glob("*.py") if "observe(document.querySelector" in path.read_text()
    ]
    assert scripts == []
