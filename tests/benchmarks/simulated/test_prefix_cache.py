from benchmarks.simulated.prefix_cache import PrefixCache
from benchmarks.simulated.timing import BLOCK_TOKENS


def test_whole_blocks_from_the_start_are_shared() -> None:
    cache = PrefixCache(10_000)
    cache.add(range(100))
    assert cache.shared(range(100)) == 96
    assert cache.shared([*range(40), 7, 7, 7]) == 32
    assert cache.shared([7, *range(99)]) == 0


def test_what_was_used_last_is_kept() -> None:
    cache = PrefixCache(2 * BLOCK_TOKENS)
    first, second, third = ([n] * BLOCK_TOKENS for n in range(3))
    for ids in (first, second, first, third):
        cache.add(ids)
    assert [cache.shared(ids) for ids in (first, second, third)] == [16, 0, 16]
