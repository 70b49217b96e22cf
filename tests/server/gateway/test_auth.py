import pytest

from quorate_server.errors import Unauthorized
from quorate_server.gateway.auth import ApiKeys


def test_without_keys_everyone_is_let_in() -> None:
    ApiKeys().check(None)
    ApiKeys().check(b"Bearer whatever")
    assert not ApiKeys().required


@pytest.mark.parametrize("header", [b"Bearer one", b"bearer two", b"Bearer  two"])
def test_a_known_key_is_let_in(header: bytes) -> None:
    ApiKeys(["one", "two"]).check(header)


@pytest.mark.parametrize(
    "header", [None, b"", b"Bearer", b"Bearer on", b"Bearer onee", b"one", b"Basic one"]
)
def test_anything_else_is_not(header: bytes | None) -> None:
    with pytest.raises(Unauthorized) as caught:
        ApiKeys(["one", "two"]).check(header)
    assert caught.value.status == 401


def test_keys_are_not_kept() -> None:
    assert "secret" not in repr(vars(ApiKeys(["secret"])))
