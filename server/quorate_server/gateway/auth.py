"""API keys: who may ask."""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from quorate_server.errors import Unauthorized


class ApiKeys:
    """The keys that are let in; with none configured, everyone is.

    Only digests are kept, and compared in a time that does not depend on the key sent.
    """

    def __init__(self, keys: Iterable[str] = ()) -> None:
        self._digests = tuple(sha256(key.encode()).digest() for key in keys)

    @property
    def required(self) -> bool:
        return bool(self._digests)

    def check(self, authorization: bytes | None) -> None:
        """Look at an `Authorization` header. Raises Unauthorized."""
        if not self._digests:
            return
        if authorization is None:
            raise Unauthorized("No API key: send it as `Authorization: Bearer <key>`.")
        scheme, _, key = authorization.partition(b" ")
        if scheme.lower() != b"bearer":
            raise Unauthorized("The API key has to be sent as `Authorization: Bearer <key>`.")
        digest = sha256(key.strip()).digest()
        known = [hmac.compare_digest(digest, allowed) for allowed in self._digests]
        if not any(known):
            raise Unauthorized("This API key is not known.")
