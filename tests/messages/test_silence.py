"""When the writer calls Postgres silent."""

from chat_server.messages.silence import ASK_AFTER_S, SILENT_AFTER_S, Silence


def test_nothing_asked_is_no_silence() -> None:
    silence = Silence()
    assert not any(silence.look(now_s) for now_s in range(10))


def test_an_answer_that_stays_away_is_silence_at_the_second_look() -> None:
    silence = Silence()
    silence.began(0.0)
    assert not silence.look(SILENT_AFTER_S / 2)
    assert not silence.look(SILENT_AFTER_S)
    assert silence.look(SILENT_AFTER_S + 0.1)


def test_a_quiet_lane_is_a_reason_to_ask_before_it_is_silence() -> None:
    silence = Silence()
    assert not silence.is_quiet(10.0)
    silence.began(10.0)
    assert not silence.is_quiet(10.0 + ASK_AFTER_S / 2)
    assert silence.is_quiet(10.0 + ASK_AFTER_S)
    assert not silence.look(10.0 + ASK_AFTER_S)
    silence.heard(10.0 + ASK_AFTER_S)
    assert not silence.is_quiet(10.0 + ASK_AFTER_S + 0.1)


def test_a_process_that_was_held_up_itself_looks_again_before_it_refuses() -> None:
    silence = Silence()
    silence.began(0.0)
    assert not silence.look(30.0)
    silence.heard(30.0)
    assert not silence.look(30.1)


def test_an_answer_to_one_lane_speaks_for_both() -> None:
    silence = Silence()
    silence.began(0.0)
    silence.began(0.1)
    for tenth in range(1, 40):
        silence.heard(tenth / 10)
        assert not silence.look(tenth / 10 + 0.05)


def test_silence_ends_when_something_is_heard_or_nobody_asks_any_more() -> None:
    for end in (Silence.heard, Silence.ended):
        silence = Silence()
        silence.began(0.0)
        silence.look(1.0)
        assert silence.look(1.1)
        end(silence, 1.2)
        assert not silence.is_on
        assert not silence.look(1.3)
