from local_stack.restart_policy import MAX_SHORT_LIVES, SHORT_LIFE_S, RestartPolicy


def test_a_part_that_lived_long_may_die_as_often_as_it_likes() -> None:
    lives = RestartPolicy()
    for number in range(3 * MAX_SHORT_LIVES):
        lives.begin(number * 100.0)
        assert lives.may_live_again(number * 100.0 + SHORT_LIFE_S)


def test_the_last_of_too_many_short_lives_in_a_row_is_the_end() -> None:
    lives = RestartPolicy()
    verdicts = []
    for number in range(MAX_SHORT_LIVES):
        lives.begin(float(number))
        verdicts.append(lives.may_live_again(number + 0.5))
    assert verdicts == [True] * (MAX_SHORT_LIVES - 1) + [False]


def test_one_long_life_forgives_the_short_ones_before() -> None:
    lives = RestartPolicy()
    for number in range(MAX_SHORT_LIVES - 1):
        lives.begin(float(number))
        lives.may_live_again(number + 0.5)
    lives.begin(100.0)
    assert lives.may_live_again(100.0 + SHORT_LIFE_S)
    lives.begin(200.0)
    assert lives.may_live_again(200.5)
