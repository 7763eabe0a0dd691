"""The watchdog's decision that Postgres is silent."""

from chat_server.postgres.commit_watchdog import PROBE_AFTER_S, SILENT_AFTER_S, SilenceDetector


def test_postgres_is_not_silent_without_a_transaction() -> None:
    detector = SilenceDetector()
    assert not any(detector.check(now_s) for now_s in range(10))


def test_postgres_is_silent_at_the_second_late_check() -> None:
    detector = SilenceDetector()
    detector.transaction_began(0.0)
    assert not detector.check(SILENT_AFTER_S / 2)
    assert not detector.check(SILENT_AFTER_S)
    assert detector.check(SILENT_AFTER_S + 0.1)


def test_a_probe_is_due_before_postgres_counts_as_silent() -> None:
    detector = SilenceDetector()
    assert not detector.needs_probe(10.0)
    detector.transaction_began(10.0)
    assert not detector.needs_probe(10.0 + PROBE_AFTER_S / 2)
    assert detector.needs_probe(10.0 + PROBE_AFTER_S)
    assert not detector.check(10.0 + PROBE_AFTER_S)
    detector.answered(10.0 + PROBE_AFTER_S)
    assert not detector.needs_probe(10.0 + PROBE_AFTER_S + 0.1)


def test_one_late_check_after_a_pause_of_the_process_is_not_silence() -> None:
    detector = SilenceDetector()
    detector.transaction_began(0.0)
    assert not detector.check(30.0)
    detector.answered(30.0)
    assert not detector.check(30.1)


def test_a_response_on_one_connection_counts_for_all() -> None:
    detector = SilenceDetector()
    detector.transaction_began(0.0)
    detector.transaction_began(0.1)
    for tenth in range(1, 40):
        detector.answered(tenth / 10)
        assert not detector.check(tenth / 10 + 0.05)


def test_silence_ends_with_a_response_or_with_the_last_transaction() -> None:
    for end in (SilenceDetector.answered, SilenceDetector.transaction_ended):
        detector = SilenceDetector()
        detector.transaction_began(0.0)
        detector.check(1.0)
        assert detector.check(1.1)
        end(detector, 1.2)
        assert not detector.is_silent
        assert not detector.check(1.3)
