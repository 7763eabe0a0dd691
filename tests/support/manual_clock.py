"""A clock for tests that choose the time."""


class ManualClock:
    """Stands still until a test changes `now_s`, so that nothing expires while a busy machine runs the test."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s
