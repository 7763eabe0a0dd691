"""What a load test says at its end: sentences with its numbers, and faults that make it fail."""

from dataclasses import dataclass

from load_tests.jmeter.samples import Samples


@dataclass(frozen=True)
class Verdict:
    """`fetches`: of a storm, all that its plans and steady clients sent, whatever the answer."""

    sentences: list[str]
    faults: list[str]
    fetches: int = 0


def crowd_sentence(name: str, samples: Samples) -> str:
    if samples.first_at is None or samples.last_at is None:
        return f"{name} sent nothing."
    took_s = max(samples.last_at - samples.first_at, 0.001)
    by_label = ", ".join(f"{count} {label}" for label, count in sorted(samples.labels.items()))
    return (
        f"{name} sent {samples.total} requests in {took_s:.1f} s ({samples.total / took_s:.0f}/s):"
        f" {by_label}; {samples.refused} refused with 429, {samples.errors} errors."
    )
