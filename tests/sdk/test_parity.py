"""Both clients can do the same, in the same words."""

import inspect
import typing
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

import quorate
from quorate import AsyncQuorate, Quorate, Wishes

OWN = sorted(
    name
    for name in vars(Quorate).keys() | vars(AsyncQuorate).keys()
    if not name.startswith("_") and callable(getattr(Quorate, name, None))
)


def public(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_")}


def test_neither_has_what_the_other_has_not():
    assert public(Quorate) == public(AsyncQuorate) - {"aclose"}


@pytest.mark.parametrize("name", OWN)
def test_parameters_and_documentation_are_the_same(name: str) -> None:
    one, other = getattr(Quorate, name), getattr(AsyncQuorate, name)
    ours, theirs = inspect.signature(one), inspect.signature(other)
    assert list(ours.parameters) == list(theirs.parameters)
    for mine, its in zip(ours.parameters.values(), theirs.parameters.values(), strict=True):
        assert (mine.kind, mine.default) == (its.kind, its.default)
    if name != "close":
        assert one.__doc__ == other.__doc__


@pytest.mark.parametrize("name", ["ask", "feedback", "close", "request"])
def test_what_waits_is_a_coroutine_of_the_one_and_a_call_of_the_other(name: str) -> None:
    assert inspect.iscoroutinefunction(getattr(AsyncQuorate, name))
    assert not inspect.iscoroutinefunction(getattr(Quorate, name))


def test_constructors_take_the_same():
    ours = inspect.signature(Quorate.__init__).parameters
    theirs = inspect.signature(AsyncQuorate.__init__).parameters
    assert [n for n in ours if n != "_bridge"] == [n for n in theirs if n != "_names"]
    assert Quorate.__init__.__doc__ == AsyncQuorate.__init__.__doc__


def test_many_answers_come_by_iteration():
    hints = typing.get_type_hints(Quorate.ask_many, include_extras=True)
    of_async = typing.get_type_hints(AsyncQuorate.ask_many, include_extras=True)
    assert hints["return"] == Iterator[Any]
    assert of_async["return"] == AsyncIterator[Any]


def test_every_wish_is_known():
    assert {"samples", "deadline", "min_confidence", "on_expiry"} <= typing.get_type_hints(
        Wishes
    ).keys()


def test_all_that_is_exported_is_there_and_no_more():
    from quorate import __all__

    assert sorted(__all__) == sorted(set(__all__))
    for name in __all__:
        assert hasattr(quorate, name)
