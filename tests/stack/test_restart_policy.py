from local_stack.restart_policy import MAX_SHORT_LIVES, SHORT_LIFE_S, RestartPolicy


def test_a_process_with_long_lives_is_always_restarted() -> None:
    policy = RestartPolicy()
    for number in range(3 * MAX_SHORT_LIVES):
        policy.begin(number * 100.0)
        assert policy.may_restart(number * 100.0 + SHORT_LIFE_S)


def test_too_many_consecutive_short_lives_end_the_restarts() -> None:
    policy = RestartPolicy()
    verdicts = []
    for number in range(MAX_SHORT_LIVES):
        policy.begin(float(number))
        verdicts.append(policy.may_restart(number + 0.5))
    assert verdicts == [True] * (MAX_SHORT_LIVES - 1) + [False]


def test_one_long_life_resets_the_count_of_short_ones() -> None:
    policy = RestartPolicy()
    for number in range(MAX_SHORT_LIVES - 1):
        policy.begin(float(number))
        policy.may_restart(number + 0.5)
    policy.begin(100.0)
    assert policy.may_restart(100.0 + SHORT_LIFE_S)
    policy.begin(200.0)
    assert policy.may_restart(200.5)
