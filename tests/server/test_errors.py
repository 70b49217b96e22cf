"""The tree of errors is drawn in one place and told in one way: nothing may stand outside of it."""

import pkgutil
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import msgspec
import pytest

import quorate_sampling
import quorate_server
import quorate_verifiers
from quorate_server import errors
from quorate_server.envelope import error_body, error_headers
from quorate_server.errors import QuorateError

OPENAI_TYPES = {
    "authentication_error": {401},
    "invalid_request_error": {400, 404, 405, 408, 413},
    "server_error": {500, 502},
    "service_unavailable": {503},
    "timeout_error": {504},
}
"""The types that are told, and the statuses each comes with."""

LINE = re.compile(
    r"^    (?P<limbs>[│ ├└─]*)(?P<name>[A-Z]\w+) +(?P<status>\d{3}|4xx) (?P<code>\w+)"
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line of the tree."""

    name: str
    parent: str | None
    status: str
    code: str


def drawn() -> Iterator[Drawn]:
    path: list[str] = []
    for line in map(LINE.match, (errors.__doc__ or "").splitlines()):
        if line is not None:
            depth = len(line["limbs"]) // 4
            path[depth:] = [line["name"]]
            yield Drawn(
                line["name"], path[depth - 1] if depth else None, line["status"], line["code"]
            )


def classes() -> set[type[QuorateError]]:
    """All there are, once every module has been imported."""
    for package in (quorate_verifiers, quorate_sampling, quorate_server):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    found, fresh = {QuorateError}, {QuorateError}
    while fresh:
        fresh = {sub for each in fresh for sub in each.__subclasses__()} - found
        found |= fresh
    return {each for each in found if each.__module__.startswith("quorate_")}


DRAWN = {each.name: each for each in drawn()}
CLASSES = sorted(classes(), key=lambda each: each.__name__)


def test_every_error_is_drawn_once_and_nothing_else_is() -> None:
    names = [each.name for each in drawn()]
    assert sorted(names) == [each.__name__ for each in CLASSES]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_the_drawing_tells_the_truth(error: type[QuorateError]) -> None:
    line = DRAWN[error.__name__]
    assert line.parent in {None if error is QuorateError else b.__name__ for b in error.__bases__}
    if line.status != "4xx":  # the engine's own
        assert int(line.status) == error.status
        assert line.code == (error.code or error.type)


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_has_a_status_of_its_type(error: type[QuorateError]) -> None:
    assert error.type in OPENAI_TYPES
    if DRAWN[error.__name__].status != "4xx":
        assert error.status in OPENAI_TYPES[error.type]


@pytest.mark.parametrize("error", CLASSES, ids=lambda error: error.__name__)
def test_every_error_is_told_in_the_envelope(error: type[QuorateError]) -> None:
    needed: dict[str, Any] = {"earliest_ms": 1200} if error.__name__ == "DeadlineInfeasible" else {}
    raised = error("what went wrong", **needed)
    told = msgspec.json.decode(error_body(raised))["error"]
    assert set(told) == {"message", "type", "param", "code"}
    assert (told["message"], told["type"], told["code"]) == (
        "what went wrong",
        raised.type,
        raised.code,
    )
    assert (b"x-should-retry", b"true" if error.retryable else b"false") in error_headers(raised)


def test_all_that_a_server_tells_is_exported_from_one_place() -> None:
    own = {each.__name__ for each in CLASSES if each.__module__ == errors.__name__}
    assert own <= set(errors.__all__)
    assert len(errors.__all__) == len(set(errors.__all__))
