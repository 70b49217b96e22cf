"""Quorate's client SDK: what `pip install quorate` gives, without the server.

The stock `openai` client already reaches everything the server does (`extra_body`); the typed
clients `Quorate` and `AsyncQuorate` grow here.
"""

from quorate._version import __version__

__all__ = ["__version__"]
