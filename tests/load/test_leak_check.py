"""Which figures of the soak count as flat."""

from load_tests.bench.leak_check import is_flat


def test_growth_during_the_warm_up_is_not_a_leak() -> None:
    assert is_flat([float(min(n, 30)) for n in range(100)], share=0.1, slack=1)


def test_steady_growth_is_a_leak() -> None:
    assert not is_flat([float(n) for n in range(100)], share=0.1, slack=1)


def test_small_growth_from_a_small_base_is_not_a_leak() -> None:
    assert is_flat([3.0] * 90 + [6.0] * 10, share=0.1, slack=5)


def test_few_values_show_no_leak() -> None:
    assert is_flat([1.0, 50.0], share=0.1, slack=1)
    assert is_flat([], share=0.1, slack=1)
