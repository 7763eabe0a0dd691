from collections import Counter

import pytest

from load_tests.jmeter.samples import Samples, read_samples
from load_tests.jmeter.steady_clients import Answers
from load_tests.jmeter.storm_verdict import SHARE_ADVICE, judge

HEAT = [(101.5, True), (120.0, False)]
GOOD_POSTS, GOOD_FETCHES = Answers(Counter({201: 40}), 0.02), Answers(Counter({200: 50, 304: 9}), 0.01)


def crowd(**labels: int) -> Samples:
    counts = Counter({name.replace("_", " "): count for name, count in labels.items()})
    starts = Counter({1_000: 300, 1_005: 399, 1_012: 301, 1_160: 1})  # 700 in a second not before 101.3
    return Samples(labels=counts, first_at=100.0, last_at=116.0, starts=starts)


GOOD_CROWD, GOOD_MIX = crowd(fetch_200=10, fetch_304=20, fetch_refused=70), crowd(fetch_200=5, post_201=5)


def test_a_storm_without_failures_has_no_fault() -> None:
    verdict = judge(GOOD_CROWD, GOOD_MIX, HEAT, GOOD_POSTS, GOOD_FETCHES, enter_per_s=700)
    assert verdict.faults == []
    sentences = " ".join(verdict.sentences)
    assert "100 requests" in sentences
    assert "70 refused with 429, 0 errors" in sentences
    assert "hot 1.5 s after the crowd's first fetch" in sentences
    assert "0.2 s after the crowd had sent 700 fetches in one second" in sentences
    assert "cool again 4.0 s after the crowd's last fetch" in sentences


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"crowd": crowd(fetch_200=100)}, "Nothing was refused."),
        ({"heat": []}, f"The room never went hot. {SHARE_ADVICE}"),
        ({"heat": HEAT[:1]}, "The room did not cool."),
        ({"posts": Answers(Counter({201: 39, 503: 1}))}, "Posts were not answered 201: 1 × 503."),
        ({"posts": Answers(Counter({0: 2}))}, "Posts were not answered 201: 2 × no answer."),
        (
            {"other_room": Answers(Counter({200: 9, 429: 1}))},
            "Fetches of another room were not answered 200: 1 × 429.",
        ),
        ({"posts": Answers()}, "No message was posted, or no other room was fetched."),
        (
            {
                "mix": Samples(
                    labels=Counter({"post error": 3}), errors=3, examples={"post error: 500 Oops": 3}
                )
            },
            "The chat mix had 3 errors: post error: 500 Oops",
        ),
    ],
)
def test_each_failure_is_a_fault(changed: dict[str, object], fault: str) -> None:
    given = {
        "crowd": GOOD_CROWD,
        "mix": GOOD_MIX,
        "heat": HEAT,
        "posts": GOOD_POSTS,
        "other_room": GOOD_FETCHES,
    }
    assert judge(**(given | changed), enter_per_s=700).faults == [fault]  # type: ignore[arg-type]


def test_samples_are_counted_by_label_and_errors_keep_an_example() -> None:
    def row(label: str, code: str, success: bool, at_ms: int) -> dict[str, str]:
        text = {"label": label, "responseCode": code, "responseMessage": "", "success": str(success).lower()}
        return text | {"timeStamp": str(at_ms), "elapsed": "250"}

    samples = read_samples(
        [
            row("fetch 200", "200", True, 2_000),
            row("fetch refused", "429", True, 1_000),
            row("fetch error", "429", False, 3_000),
        ]
    )
    assert samples.labels == {"fetch 200": 1, "fetch refused": 1, "fetch error": 1}
    assert (samples.total, samples.refused, samples.errors) == (3, 1, 1)
    assert samples.examples == {"fetch error: 429": 1}
    assert (samples.first_at, samples.last_at) == (1.0, 3.25)
    assert (samples.reached_at(1), samples.reached_at(2)) == (1.1, None)
