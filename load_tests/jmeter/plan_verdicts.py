"""Decides whether a join storm, two rooms or a soak passed, and why. Pure.

`counted` is the room's own number of messages: each post that was answered 201 must be one of them.
"""

from collections.abc import Sequence

from load_tests.jmeter.samples import Samples
from load_tests.jmeter.verdict import Verdict, crowd_sentence


def judge_join_storm(samples: Samples, counted: int, *, threads: int, max_p99_s: float) -> Verdict:
    """Everybody gets a session, the newest page and a stream that opens."""
    faults = _common_faults(samples, "post", counted)
    for label in ("session 201", "page 200", "stream 200"):
        if (answered := samples.labels[label]) != threads:
            faults.append(f"{answered} of {threads} joiners got `{label}`.")
    return _verdict("The join storm", samples, faults, ("page", "stream"), max_p99_s)


def judge_two_rooms(
    samples: Samples, counted: int, heat: Sequence[tuple[float, bool]], *, max_p99_s: float
) -> Verdict:
    """One room turns hot, refuses and cools, and the other one refuses nothing. `heat` is HeatSeen.changes."""
    faults = _common_faults(samples, "cold post", counted)
    if not any(hot for _, hot in heat):
        faults.append("The hot room never went hot.")
    elif heat[-1][1]:
        faults.append("The hot room did not cool.")
    if not samples.labels["hot fetch refused"]:
        faults.append("Nothing was refused in the hot room.")
    if refused := samples.labels["cold fetch refused"] + samples.labels["cold post refused"]:
        faults.append(f"{refused} requests were refused in the cold room.")
    return _verdict("The two rooms", samples, faults, ("cold fetch", "cold post"), max_p99_s)


def judge_soak(samples: Samples, counted: int, *, max_p99_s: float) -> Verdict:
    """A steady mix below every limit: nothing is refused."""
    faults = _common_faults(samples, "post", counted)
    if samples.refused:
        faults.append(f"{samples.refused} requests were refused.")
    return _verdict("The soak", samples, faults, ("fetch", "post", "react", "stream"), max_p99_s)


def _common_faults(samples: Samples, post: str, counted: int) -> list[str]:
    faults = [f"{count} errors: {kind}" for kind, count in samples.examples.items()]
    posted = samples.labels[f"{post} 201"]
    if posted == 0:
        faults.append("No message was posted.")
    if posted != counted:
        faults.append(f"{posted} posts were answered 201, but the room has {counted} messages.")
    return faults


def _verdict(
    name: str, samples: Samples, faults: list[str], timed: Sequence[str], max_p99_s: float
) -> Verdict:
    sentences = [crowd_sentence(name, samples)]
    for sampler in timed:
        p99_s = samples.p99_s(sampler)
        sentences.append(f"99 % of `{sampler}` ended within {p99_s:.3f} s.")
        if samples.sent(sampler) == 0:
            faults.append(f"No `{sampler}` was sent.")
        elif p99_s > max_p99_s:
            faults.append(f"99 % of `{sampler}` took up to {p99_s:.3f} s, more than {max_p99_s:g} s.")
    return Verdict(sentences, faults)
