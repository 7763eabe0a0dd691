"""The size of a figure: full for real results, tiny to test that the benchmark works."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Scale:
    """`factor` scales crowds and rates; `window_s` is the length of a measured window."""

    factor: float = 1.0
    window_s: float = 10.0
    settle_s: float = 3.0

    def of(self, full: int, *, least: int = 2) -> int:
        """A crowd, a rate or a count of `full` at this scale."""
        return max(least, round(full * self.factor))

    @property
    def is_full(self) -> bool:
        return self.factor >= 1


FULL = Scale()
TINY = Scale(factor=0.004, window_s=0.5, settle_s=0.3)
