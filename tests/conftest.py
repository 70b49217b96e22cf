"""Settings for every test."""

from hypothesis import settings

# How long an example takes says more about the machine's load than about the code; tests that
# bound a time do so themselves.
settings.register_profile("quorate", deadline=None)
settings.load_profile("quorate")
