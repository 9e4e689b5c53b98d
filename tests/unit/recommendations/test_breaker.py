from footfall.recommendations.breaker import Breaker


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_two_failures_are_no_reason_to_stop() -> None:
    breaker = Breaker(Clock())
    for _ in range(10):
        breaker.failed()
        breaker.failed()
        assert breaker.admits()
        breaker.succeeded()


def test_three_failures_in_a_row_open_it_for_a_second_and_one_call_tests() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(3):
        assert breaker.admits()
        breaker.failed()
    assert not breaker.admits()
    clock.now += 0.99
    assert not breaker.admits()
    clock.now += 0.02
    assert breaker.admits()
    assert not breaker.admits(), "one test at a time"
    breaker.succeeded()
    assert all(breaker.admits() for _ in range(5))


def test_pauses_double_up_to_a_minute_and_begin_anew_after_a_success() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(3):
        breaker.failed()
    for pause in (1, 2, 4, 8, 16, 32, 60, 60):
        clock.now += pause - 0.01
        assert not breaker.admits(), pause
        clock.now += 0.02
        assert breaker.admits(), pause
        breaker.failed()
    clock.now += 61
    assert breaker.admits()
    breaker.succeeded()
    for _ in range(3):
        breaker.failed()
    clock.now += 1.01
    assert breaker.admits()


def test_a_late_failure_of_an_earlier_call_does_not_lengthen_the_pause() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(20):
        breaker.failed()
    clock.now += 1.01
    assert breaker.admits()


def test_a_test_that_never_ends_does_not_keep_it_open() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(3):
        breaker.failed()
    clock.now += 1.01
    assert breaker.admits()
    clock.now += 1.01
    assert breaker.admits()
