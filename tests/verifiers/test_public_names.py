import doctest

import quorate_verifiers


def test_all_lists_what_can_be_imported() -> None:
    assert sorted(quorate_verifiers.__all__, key=str.casefold) == sorted(
        set(quorate_verifiers.__all__), key=str.casefold
    )
    for name in quorate_verifiers.__all__:
        assert hasattr(quorate_verifiers, name)


def test_the_example_in_the_docstring_runs() -> None:
    assert doctest.testmod(quorate_verifiers).failed == 0
    assert doctest.testmod(quorate_verifiers).attempted > 0
