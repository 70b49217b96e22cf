"""Settings for every test."""

import gc

from hypothesis import settings

# How long an example takes says more about the machine's load than about the code; tests that
# bound a time do so themselves.
settings.register_profile("quorate", deadline=None)
settings.load_profile("quorate")


def pytest_collection_finish() -> None:
    """What was collected stays until the end: to look through it for garbage stops every event
    loop for a third of a second, and whoever has a deadline then is late."""
    gc.collect()
    gc.freeze()
