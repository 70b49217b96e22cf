from quorate_sampling.seeds import derived_seed


def test_samples_get_different_seeds_and_the_same_ones_again() -> None:
    seeds = [derived_seed(42, i) for i in range(256)]
    assert len(set(seeds)) == 256
    assert seeds == [derived_seed(42, i) for i in range(256)]
    assert all(s is not None and 0 <= s < 2**63 for s in seeds)


def test_the_first_sample_is_the_one_that_the_engine_would_have_drawn_alone() -> None:
    assert derived_seed(42, 0) == 42


def test_neighbouring_client_seeds_share_no_sample() -> None:
    assert not {derived_seed(1, i) for i in range(64)} & {derived_seed(2, i) for i in range(64)}


def test_no_seed_stays_no_seed() -> None:
    assert derived_seed(None, 3) is None
