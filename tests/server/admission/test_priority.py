from quorate_server.admission.priority import continuation_priority, draw_priority


def test_the_earlier_deadline_goes_first_and_all_before_those_without() -> None:
    assert draw_priority(1.0) < draw_priority(2.0) < draw_priority(24 * 3600.0) < 0


def test_a_forced_answer_goes_before_every_new_sample() -> None:
    assert continuation_priority(24 * 3600.0) < draw_priority(-1.0)
    assert continuation_priority(0.5) < continuation_priority(0.6)


def test_it_fits_the_integers_that_engines_take() -> None:
    assert continuation_priority(-1e6) > -(2**63)
