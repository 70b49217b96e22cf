"""A lean HTTP/1.1 client for talking to engines: asyncio over httptools, with its own pool.

It implements `quorate_server.upstream.Upstream` and nothing more: no redirects, cookies,
compression or proxies, and it never reads the environment.
"""

from quorate_server.http1.origin import HttpOrigin
from quorate_server.http1.response import Response

__all__ = ["HttpOrigin", "Response"]
