"""Which prompts an engine has read before: whole blocks, known by all that comes before them."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

from benchmarks.simulated.timing import BLOCK_TOKENS


class PrefixCache:
    """The blocks used last, at most as many as the KV cache holds."""

    def __init__(self, tokens: int) -> None:
        self._most = tokens // BLOCK_TOKENS
        self._blocks: OrderedDict[int, None] = OrderedDict()

    def shared(self, ids: Sequence[int]) -> int:
        """How many tokens from the start of `ids` are in the cache."""
        found = 0
        for block in _chained(ids):
            if block not in self._blocks:
                break
            found += BLOCK_TOKENS
        return found

    def add(self, ids: Sequence[int]) -> None:
        """Keep what has been read or generated."""
        for block in _chained(ids):
            self._blocks[block] = None
            self._blocks.move_to_end(block)
        while len(self._blocks) > self._most:
            self._blocks.popitem(last=False)


def _chained(ids: Sequence[int]) -> Iterator[int]:
    before = 0
    for start in range(0, len(ids) - BLOCK_TOKENS + 1, BLOCK_TOKENS):
        before = hash((before, *ids[start : start + BLOCK_TOKENS]))
        yield before
