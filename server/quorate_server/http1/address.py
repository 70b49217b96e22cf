"""Where an origin is: a base URL taken apart once."""

from dataclasses import dataclass
from urllib.parse import urlsplit

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Scheme, host and port to connect to, and the prefix of every path there."""

    host: str
    port: int
    tls: bool
    host_header: bytes
    path_prefix: str

    @classmethod
    def parse(cls, base_url: str) -> "Address":
        """Take `https://host:port/prefix` apart. Raises ValueError for anything else."""
        parts = urlsplit(base_url)
        if parts.scheme not in DEFAULT_PORTS:
            raise ValueError(f"{base_url!r} is not an http:// or https:// URL")
        if not parts.hostname:
            raise ValueError(f"{base_url!r} names no host")
        if parts.username is not None or parts.query or parts.fragment:
            raise ValueError(f"{base_url!r} may hold no user, query or fragment")
        port = parts.port or DEFAULT_PORTS[parts.scheme]
        name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        shown = name if port == DEFAULT_PORTS[parts.scheme] else f"{name}:{port}"
        return cls(
            host=parts.hostname,
            port=port,
            tls=parts.scheme == "https",
            host_header=shown.encode("idna" if not shown.isascii() else "ascii"),
            path_prefix=parts.path.rstrip("/"),
        )
