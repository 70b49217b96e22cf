"""The root of Quorate's error tree.

The whole tree is drawn in `quorate_server.errors`; each layer adds its own branch.
"""

from typing import ClassVar


class QuorateError(Exception):
    """Any failure that Quorate reports.

    A class knows how it is told to a client: the HTTP `status`, OpenAI's error `type`, a
    machine-readable `code`, and whether repeating the same request could help (`retryable`).
    `param` names the request field at fault, where there is one.
    """

    status: int = 500
    type: ClassVar[str] = "server_error"
    code: str | None = None
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
