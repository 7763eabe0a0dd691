"""When a figure of the soak counts as flat."""

from load_tests.bench.leak_check import is_flat


def test_what_fills_first_and_then_stays_is_flat() -> None:
    assert is_flat([float(min(n, 30)) for n in range(100)], share=0.1, slack=1)


def test_what_grows_steadily_is_not() -> None:
    assert not is_flat([float(n) for n in range(100)], share=0.1, slack=1)


def test_a_little_more_of_little_is_within_the_slack() -> None:
    assert is_flat([3.0] * 90 + [6.0] * 10, share=0.1, slack=5)


def test_few_values_tell_nothing() -> None:
    assert is_flat([1.0, 50.0], share=0.1, slack=1)
    assert is_flat([], share=0.1, slack=1)
