import doctest

import quorate_verifiers


def test_all_names_can_be_imported_once() -> None:
    names = quorate_verifiers.__all__
    assert len(names) == len(set(names))
    assert all(hasattr(quorate_verifiers, name) for name in names)


def test_the_example_in_the_docstring_runs() -> None:
    outcome = doctest.testmod(quorate_verifiers)
    assert outcome.attempted > 0
    assert outcome.failed == 0
