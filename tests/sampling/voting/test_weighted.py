from quorate_sampling.voting.weighted import as_they_are, weighted
from tests.sampling.voting.readings import reading


def test_a_sample_without_a_score_weighs_as_much_as_the_mean_of_the_others() -> None:
    # 3 and 1 have the mean 2, so they weigh 1.5 and 0.5, and the third, which said nothing, 1
    group = [reading(0, "1", stated=3.0), reading(1, "2", stated=1.0), reading(2, "2")]
    votes = weighted(group, lambda r: r.stated, as_they_are)
    assert [(vote.answer, vote.weight) for vote in votes] == [("1", 1.5), ("2", 1.5)][::-1]


def test_samples_without_an_answer_have_no_part_in_the_mean() -> None:
    group = [reading(0, "1", stated=2.0), reading(1, "2", stated=2.0), reading(2, None, stated=9.0)]
    assert [vote.weight for vote in weighted(group, lambda r: r.stated, as_they_are)] == [1.0, 1.0]


def test_weights_that_differ_by_rounding_alone_are_tied() -> None:
    scores = {0: 0.1, 1: 0.2, 2: 0.3, 3: 0.4}
    group = [reading(0, "a"), reading(1, "a"), reading(2, "b", forced=True), reading(3, "c")]
    votes = weighted(group, lambda r: scores[r.index], as_they_are)
    assert [vote.weight for vote in votes] == [1.6, 1.2, 1.2]
    assert [vote.answer for vote in votes] == ["c", "a", "b"]
