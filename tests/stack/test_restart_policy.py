from local_stack.restart_policy import MAX_SHORT_LIVES, SHORT_LIFE_S, RestartPolicy


def test_a_process_with_long_lives_is_always_restarted() -> None:
    lives = RestartPolicy()
    for number in range(3 * MAX_SHORT_LIVES):
        lives.begin(number * 100.0)
        assert lives.may_live_again(number * 100.0 + SHORT_LIFE_S)


def test_too_many_consecutive_short_lives_end_the_restarts() -> None:
    lives = RestartPolicy()
    verdicts = []
    for number in range(MAX_SHORT_LIVES):
        lives.begin(float(number))
        verdicts.append(lives.may_live_again(number + 0.5))
    assert verdicts == [True] * (MAX_SHORT_LIVES - 1) + [False]


def test_one_long_life_resets_the_count_of_short_ones() -> None:
    lives = RestartPolicy()
    for number in range(MAX_SHORT_LIVES - 1):
        lives.begin(float(number))
        lives.may_live_again(number + 0.5)
    lives.begin(100.0)
    assert lives.may_live_again(100.0 + SHORT_LIFE_S)
    lives.begin(200.0)
    assert lives.may_live_again(200.5)
