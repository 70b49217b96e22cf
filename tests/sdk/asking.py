"""What `ask` is tested with: a question, time enough or not, and servers that answer it."""

from collections.abc import Iterator
from typing import Any

from tests.sdk.said import DEADLINE, MODELS, completion, decided, progress, stream, whole
from tests.sdk.scripted_server import Call, Step

QUESTION = "What is 12+34?"
MUCH_S = 5.0
SOME_S = 1.0
LITTLE_S = 0.4


def answering(call: Call) -> Iterator[Step]:
    """A server that decides at once."""
    if call.path.endswith("/models"):
        yield whole(MODELS)
    elif call.body.get("stream"):
        yield from stream(progress(), *decided())
    else:
        yield whole(completion(deadline=DEADLINE))


def saying(*steps: Step) -> Any:
    return lambda call: iter(steps)
