"""A simulated vLLM: a 7-B reasoner on one GPU, behind the routes of the real one.

    python -m benchmarks.simulated.server --port 18001

Its time is that of `timing`, its words are those of `reasoner`. It does what Quorate uses of vLLM:
chat and text completions, streamed or whole, several choices, token ids in and out, chunks of
`stream_interval` tokens, usage, priorities, thinking budgets, a prefix cache, aborts by id and by
a closed connection. Log-probabilities, tools and grammars are not there. `/metrics` has vLLM's
names for what is counted, and how many of the steps the machine was late with.
"""

import argparse
import asyncio
import random
from contextlib import suppress

import uvicorn

from benchmarks.simulated.asgi import Message, Receive, Send, answer, read_body, read_fields
from benchmarks.simulated.asked import CONTEXT_TOKENS, Asked, Refused
from benchmarks.simulated.engine import Engine, Sequence
from benchmarks.simulated.prefix_cache import PrefixCache
from benchmarks.simulated.reasoner import Reasoner
from benchmarks.simulated.replies import Choice, Replies
from benchmarks.simulated.timing import Request
from benchmarks.simulated.vocabulary import Vocabulary

MODEL = "simulated-7b"
ROOT = "simulated/deepseek-r1-distill-qwen-7b"
"""Named so that the family, and with it the closer, is found as for the real model."""
CHAT_PATH = "/v1/chat/completions"
COMPLETIONS_PATH = "/v1/completions"


class SimulatedServer:
    """The ASGI app. One event loop runs it, its engine with it."""

    def __init__(self, engine: Engine | None = None) -> None:
        self._engine = engine or Engine()
        self._vocabulary = Vocabulary()
        self._reasoner = Reasoner(self._vocabulary)
        self._cache = PrefixCache(self._engine.batch.costs.cache_tokens)
        self._seeds = random.Random(0)
        self._named: dict[str, list[Sequence]] = {}

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        path = scope["path"]
        try:
            if path in (CHAT_PATH, COMPLETIONS_PATH):
                await self._complete(scope, receive, send, chat=path == CHAT_PATH)
            elif scope["method"] == "POST":
                await answer(send, 200, self._posted(path, read_fields(await read_body(receive))))
            else:
                await answer(send, 200, self._told(path))
        except Refused as error:
            await answer(send, 400, _error(str(error), 400))
        except LookupError:
            await answer(send, 404, _error(f"{path} is not here", 404))

    async def _live(self, receive: Receive, send: Send) -> None:
        running = asyncio.create_task(self._engine.run(), name="simulated-engine")
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await send({"type": "lifespan.shutdown.complete"})

    def _told(self, path: str) -> object:
        """What a GET gets. Raises KeyError for what is not here."""
        batch = self._engine.batch
        metrics = {
            "vllm:num_requests_running": batch.running,
            "vllm:num_requests_waiting": batch.waiting,
            "vllm:generation_tokens_total": self._engine.generated_tokens,
            "simulated_steps_total": self._engine.steps,
            "simulated_late_steps_total": self._engine.late_steps,
        }
        lines = "".join(f'{name}{{engine="0"}} {value}\n' for name, value in metrics.items())
        model = {"id": MODEL, "root": ROOT, "max_model_len": CONTEXT_TOKENS, "object": "model"}
        return {
            "/health": {},
            "/version": {"version": "0.32.0"},
            "/v1/models": {"object": "list", "data": [model]},
            "/metrics": lines.encode(),
        }[path]

    def _posted(self, path: str, body: Message) -> object:
        """What a POST gets, completions apart. Raises KeyError for what is not here."""
        if path == "/tokenize":
            if "prompt" in body:
                ids = self._vocabulary.ids(str(body["prompt"]))
            else:
                ids = Asked.of(body, self._vocabulary, chat=True).prompt
            return {"tokens": ids, "count": len(ids), "max_model_len": CONTEXT_TOKENS}
        if path == "/inference/v1/abort_requests":
            for name in body.get("request_ids", ()):
                for sequence in self._named.get(name, ()):
                    self._engine.abort(sequence.id)
            return {}
        raise KeyError(path)

    async def _complete(self, scope: Message, receive: Receive, send: Send, *, chat: bool) -> None:
        asked = Asked.of(read_fields(await read_body(receive)), self._vocabulary, chat=chat)
        sent_id = dict(scope["headers"]).get(b"x-request-id", b"").decode()
        own = sent_id or f"{self._seeds.getrandbits(64):016x}"
        name = f"chatcmpl-{own}" if chat else f"cmpl-{own}-0"
        replies = Replies(asked, self._vocabulary, name, chat)
        news: asyncio.Queue[Choice | None] = asyncio.Queue()
        choices = self._start(asked, news)
        self._named.setdefault(name, []).extend(choice.sequence for choice in choices)
        leaving = asyncio.create_task(_until_gone(receive, news))
        try:
            if asked.stream:
                await _stream(send, replies, choices, news)
            elif await _all_ended(choices, news):
                await answer(send, 200, replies.whole(choices))
        finally:
            leaving.cancel()
            self._named.pop(name, None)
            for choice in choices:
                self._engine.drop(choice.sequence)
                self._cache.add(asked.prompt + choice.sequence.ids[: choice.sequence.generated])

    def _start(self, asked: Asked, news: "asyncio.Queue[Choice | None]") -> list[Choice]:
        cached = self._cache.shared(asked.prompt)
        self._cache.add(asked.prompt)
        first_seed = self._seeds.getrandbits(31) if asked.seed is None else asked.seed
        thinks = self._reasoner.thinks_behind(asked.prompt)
        end = self._reasoner.think_end
        choices: list[Choice] = []
        for index in range(asked.choices):
            said = self._reasoner.goes_on(
                asked.prompt, first_seed + index, thinking_tokens=asked.thinking_tokens
            )
            if asked.ignore_eos and len(said) < asked.max_tokens:
                said = said[:-1] + self._reasoner.pads(asked.max_tokens - len(said) + 1)
            ids = said[: asked.max_tokens]
            sequence = Sequence(
                id=f"{self._seeds.getrandbits(64):016x}",
                ids=ids,
                finish_reason="stop" if len(ids) == len(said) else "length",
                interval=asked.interval if asked.stream else len(ids),
                tell=lambda _, index=index: news.put_nowait(choices[index]),  # type: ignore[misc]
            )
            ends = ids.index(end) if end in ids else len(ids)
            choice = Choice(index, sequence, ends if thinks else None)
            choices.append(choice)
            request = Request(sequence.id, len(asked.prompt), len(ids), cached, asked.priority)
            try:
                self._engine.start(sequence, request)
            except ValueError as error:
                raise Refused(str(error)) from error
            cached = len(asked.prompt)
        return choices


async def _stream(
    send: Send, replies: Replies, choices: list[Choice], news: "asyncio.Queue[Choice | None]"
) -> None:
    began = False
    while not all(choice.ended for choice in choices):
        piece = b""
        for choice in await _next(news):
            if choice is None:
                return
            if not began:
                began = True
                headers = [(b"content-type", b"text/event-stream; charset=utf-8")]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                piece += replies.opening(choices)
            piece += replies.chunk(choice)
        over = all(choice.ended for choice in choices)
        if over:
            piece += replies.ending(choices)
        if piece:
            await send({"type": "http.response.body", "body": piece, "more_body": not over})


async def _all_ended(choices: list[Choice], news: "asyncio.Queue[Choice | None]") -> bool:
    """False where the client has left before."""
    while any(choice.sequence.finish is None for choice in choices):
        if await news.get() is None:
            return False
    return True


async def _next(news: "asyncio.Queue[Choice | None]") -> list[Choice | None]:
    """All the news there is, waiting for the first."""
    found = [await news.get()]
    while not news.empty():
        found.append(news.get_nowait())
    return found


async def _until_gone(receive: Receive, news: "asyncio.Queue[Choice | None]") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    news.put_nowait(None)


def _error(message: str, status: int) -> Message:
    return {"error": {"message": message, "type": "BadRequestError", "code": status}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    uvicorn.run(
        SimulatedServer(),
        host="127.0.0.1",
        port=options.port,
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
    )


if __name__ == "__main__":
    main()
