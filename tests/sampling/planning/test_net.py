import pytest

from quorate_sampling.engine import Sample
from quorate_sampling.planning import SafetyNet
from quorate_sampling.planning.net import net_size


def ended(index: int) -> Sample:
    return Sample(index, "finished", content="7", forced_span=(0, 2))


def test_a_net_takes_at_most_one_of_four_places_and_never_more_than_two() -> None:
    assert [net_size(most) for most in (1, 3, 4, 7, 8, 256)] == [0, 0, 1, 1, 2, 2]


def test_what_was_not_needed_is_told_as_cancelled_once() -> None:
    told: list[Sample] = []
    with SafetyNet(told.append) as net:
        net.hold(range(3, 5))
        assert net.in_flight == 2
        assert net.catches(ended(3))
        assert not net.catches(ended(0))
        assert net.passes(ended(3))
        assert not net.passes(ended(0))
        assert net.in_flight == 1
        assert told == []
    assert [(sample.index, sample.state) for sample in told] == [(3, "cancelled")]


def test_what_was_needed_votes_and_is_told_as_it_is() -> None:
    told: list[Sample] = []
    with SafetyNet(told.append) as net:
        net.hold([0, 1])
        net.catches(ended(1))
        net.catches(ended(0))
        assert [sample.index for sample in net.spread()] == [0, 1]
    assert [sample.state for sample in told] == ["finished", "finished"]
    assert net.told(ended(0)).state == "finished"


def test_a_net_that_is_left_by_an_error_still_tells_what_it_caught() -> None:
    told: list[Sample] = []
    net = SafetyNet(told.append)
    net.hold([0])
    net.catches(ended(0))
    with pytest.raises(KeyError), net:
        raise KeyError
    assert len(told) == 1


def test_one_that_is_used_is_told_as_it_is_and_the_others_as_cancelled() -> None:
    told: list[Sample] = []
    with SafetyNet(told.append) as net:
        net.hold(range(3))
        for index in (0, 1):
            net.catches(ended(index))
        net.catches(Sample(2, "cut", content="7"))
        assert net.take(1) == ended(1)
        assert net.take(2) is None
        assert net.take(9) is None
    assert [sample.state for sample in told] == ["cancelled", "finished", "cut"]
