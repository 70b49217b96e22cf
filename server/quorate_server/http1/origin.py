"""One HTTP origin as the gateway sees it: an `Upstream` with a connection pool of its own."""

import asyncio
import ssl
from collections.abc import Sequence

from quorate_server.errors import EngineUnavailable
from quorate_server.http1.address import Address
from quorate_server.http1.connection import Connection, StaleConnectionError
from quorate_server.http1.pool import ConnectionPool
from quorate_server.http1.request import RequestEncoder
from quorate_server.http1.response import Response
from quorate_server.upstream import Header


class HttpOrigin:
    """An HTTP/1.1 origin: `http://host:port` or `https://host`, with an optional path prefix.

    `idle_timeout_s` is how long an unused connection is kept, less than the 5 s that uvicorn (and
    so vLLM) keeps its side open. `tls` replaces the default context, which verifies certificates.
    There is no limit on how long an answer takes: that is the caller's to decide.
    """

    def __init__(
        self,
        base_url: str,
        *,
        connect_timeout_s: float = 5.0,
        idle_timeout_s: float = 3.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._base_url = base_url.rstrip("/")
        self._address = Address.parse(base_url)
        self._encoder = RequestEncoder(self._address)
        self._connect_timeout_s = connect_timeout_s
        self._tls = (tls or ssl.create_default_context()) if self._address.tls else None
        self._pool = ConnectionPool(idle_timeout_s)
        self._closed = False

    @property
    def base_url(self) -> str:
        return self._base_url

    @property
    def open_connections(self) -> int:
        """All connections there are, those in use and those kept for later."""
        return self._pool.open

    @property
    def idle_connections(self) -> int:
        return self._pool.idle

    async def send(
        self, method: str, path: str, *, headers: Sequence[Header] = (), body: bytes = b""
    ) -> Response:
        """Send a request and wait for the response's head. Cancelling closes the connection.

        Raises EngineUnavailable where there is no connection to be had, EngineFailed where it
        broke after the request was sent, ValueError where a header would break out of its line.
        The request is sent a second time, on a fresh connection, only if a kept connection turns
        out to have been closed by the peer: not a byte came back, and the end came within the
        time that the peer's close may have been on its way (`STALE_WINDOW_S`).
        """
        head = self._encoder.head(method, path, headers, len(body))
        head_only = method == "HEAD"
        kept = self._pool.take()
        if kept is not None:
            try:
                return await kept.exchange(head, body, head_only=head_only)
            except StaleConnectionError:
                pass
        fresh = await self._connect()
        return await fresh.exchange(head, body, head_only=head_only)

    async def aclose(self) -> None:
        """Close every connection; requests under way fail, later ones raise EngineUnavailable."""
        self._closed = True
        await self._pool.aclose()

    async def _connect(self) -> Connection:
        self._check_open()
        loop = asyncio.get_running_loop()
        connection = Connection(loop, self._pool)
        address = self._address
        try:
            async with asyncio.timeout(self._connect_timeout_s):
                await loop.create_connection(
                    lambda: connection,
                    address.host,
                    address.port,
                    ssl=self._tls,
                    server_hostname=address.host if self._tls else None,
                )
            self._check_open()
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            connection.abort("not connected")
            why = str(error) or f"no answer within {self._connect_timeout_s:g} s"
            raise EngineUnavailable(f"No connection to the engine: {why}.") from error
        except BaseException:
            connection.abort("not connected")
            raise
        return connection

    def _check_open(self) -> None:
        if self._closed:
            raise EngineUnavailable("The connections to the engine have been closed.")
