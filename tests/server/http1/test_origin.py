import asyncio
import shutil
import ssl
from pathlib import Path

import pytest

from quorate_server.errors import EngineUnavailable
from quorate_server.http1 import HttpOrigin
from tests.server.http1.scripted import RawServer, ScriptedServer, hello


async def test_the_request_says_where_it_goes_and_how_long_it_is() -> None:
    async with ScriptedServer(hello) as server:
        origin = HttpOrigin(f"{server.url}/prefix/")
        response = await origin.send(
            "POST", "/v1/x?a=b", headers=[(b"x-request-id", b"q-1")], body=b'{"a": 1}'
        )
        await response.read()
        await origin.aclose()
    (request,) = server.requests
    assert request.line == b"POST /prefix/v1/x?a=b HTTP/1.1"
    assert request.header(b"host") == b"127.0.0.1:%d" % server.port
    assert request.header(b"content-length") == b"8"
    assert request.header(b"x-request-id") == b"q-1"
    assert request.body == b'{"a": 1}'


@pytest.mark.parametrize(
    ("path", "header"),
    [
        ("/", (b"a", b"b\r\nc: d")),
        ("/", (b"a", b"b\nc: d")),
        ("/", (b"a\r\nb", b"c")),
        ("/", (b"a", b"b\0")),
        ("/ HTTP/1.1\r\nx: y", (b"a", b"b")),
        ("/a b", (b"a", b"b")),
    ],
)
async def test_no_value_can_add_a_line_to_the_request(
    path: str, header: tuple[bytes, bytes]
) -> None:
    async with ScriptedServer(hello) as server:
        origin = HttpOrigin(server.url)
        with pytest.raises(ValueError, match="line"):
            await origin.send("GET", path, headers=[header])
        await origin.aclose()
    assert server.connections == 0


@pytest.mark.parametrize("url", ["ftp://x", "x:80", "http://", "http://u:p@x", "http://x?a=b"])
def test_what_is_no_origin_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"http|host|user"):
        HttpOrigin(url)


async def test_proxies_named_in_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    async with ScriptedServer(hello) as server:
        origin = HttpOrigin(server.url)
        assert await (await origin.send("GET", "/")).read() == b"hello"
        await origin.aclose()


async def test_https_verifies_the_certificate(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is needed to make a certificate")
    key, cert = tmp_path / "key.pem", tmp_path / "cert.pem"
    made = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
        *("-nodes", "-keyout", str(key), "-out", str(cert), "-days", "2", "-subj", "/CN=localhost"),
        *("-addext", "subjectAltName=DNS:localhost"),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await made.wait() == 0
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(cert, key)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello")
        await reader.read()

    async with RawServer(serve, tls=serving) as server:
        url = f"https://localhost:{server.port}"
        trusting = HttpOrigin(url, tls=ssl.create_default_context(cafile=str(cert)))
        assert await (await trusting.send("GET", "/")).read() == b"hello"
        await trusting.aclose()
        doubting = HttpOrigin(url)
        with pytest.raises(EngineUnavailable, match="certificate"):
            await doubting.send("GET", "/")
        await doubting.aclose()
