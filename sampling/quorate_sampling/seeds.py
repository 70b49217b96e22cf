"""A seed for each sample from the one the client gave."""

from hashlib import blake2b


def derived_seed(seed: int | None, index: int) -> int | None:
    """The seed of sample `index`: the same for the same inputs; None stays None.

    The first sample has the client's own: it is what the engine would have drawn alone. Of the
    others none may share a seed (they would be one sample), and neighbouring client seeds must not
    share samples, as seed + index would: theirs are 63 bits of a hash.
    """
    if seed is None or index == 0:
        return seed
    digest = blake2b(f"{seed}/{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
