"""A seed for each sample from the one the client gave."""

from hashlib import blake2b


def derived_seed(seed: int | None, index: int) -> int | None:
    """The seed of sample `index`: 63 bits, the same for the same inputs; None stays None.

    Samples must not share a seed (they would be one sample), and neighbouring client seeds must
    not share samples, as seed + index would.
    """
    if seed is None:
        return None
    digest = blake2b(f"{seed}/{index}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1
