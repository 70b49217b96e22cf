"""The HTTP library of the installed OpenAI client: httpx, or httpx2 since its version 3."""

from importlib import import_module
from typing import TYPE_CHECKING

import openai

if TYPE_CHECKING:
    import httpx2 as httpx
else:
    _base = openai.DefaultAsyncHttpxClient.__mro__[1]
    httpx = import_module(_base.__module__.partition(".")[0])

__all__ = ["httpx"]
