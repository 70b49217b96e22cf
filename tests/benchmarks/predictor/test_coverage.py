"""The figure the benchmark prints, for two seeds: what a change of the predictor must not spoil."""

from benchmarks.predictor.measures import HIGH, LOW, Judged, Quality, row
from benchmarks.predictor.simulated import compare


def test_after_200_requests_the_95th_percentile_covers_what_it_says() -> None:
    rows, _ = compare(2)
    quorate = [each for each in rows if each.predictor == "Quorate"]
    windows = [each for each in rows if each.predictor.startswith("the last")]
    assert {each.time for each in quorate} == {"first_token", "token"}
    for ours, theirs in zip(quorate, windows, strict=True):
        assert ours.within == 2, ours
        assert ours.error < theirs.error
        assert min(ours.by_phase) > 0.88 > min(theirs.by_phase)


def test_quality_is_that_of_what_was_judged() -> None:
    judged = [Judged(1.0, 2.0, 1.0)] * 9 + [Judged(1.0, 2.0, 4.0)]
    quality = Quality.of(judged)
    assert quality.coverage == 0.9
    assert quality.sharpness == 2.0
    assert quality.error == 0.0
    assert LOW < row("p", "t", [[judged * 9, [Judged(1, 9, 3)] * 90]]).coverage[0] < HIGH
