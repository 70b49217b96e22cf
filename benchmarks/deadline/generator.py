"""The load, from a process of its own: `python -m benchmarks.deadline.generator < PLAN > OUTCOMES`.

It reads a plan, sends each request when it is due whatever became of the others, and writes what
came of each. How late it was itself is in every outcome.
"""

import asyncio
import gc
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from benchmarks.deadline.exchange import Answer, Exchange, stamped

PATH = "/v1/chat/completions"
HEAD_START_S = 0.3
"""Between reading the plan and the first arrival's zero."""
KEPT_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: when, what, and after how long its client leaves."""

    at_s: float
    give_up_s: float
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one request. Seconds from the first byte sent, unless told otherwise.

    `server_s`: until the server had handed the answer's last byte to its kernel; `client_s`: until
    it was read here, from the moment the request was due. `late_s`: how much later than due it was
    sent, `at_s` when that was. `status` is 0 where the client left, or the connection broke.
    """

    status: int
    at_s: float
    server_s: float
    client_s: float
    late_s: float
    body: str


@dataclass(frozen=True, slots=True)
class ClosedLoop:
    """Not more than `in_flight` requests at once, and after `seconds` all clients leave."""

    in_flight: int
    seconds: float


async def send_all(
    url: str, asks: Sequence[Ask], closed: ClosedLoop | None = None
) -> list[Outcome]:
    """Send every request when it is due; in a closed loop, when one before it has ended."""
    address = urlsplit(url)
    idle: list[Exchange] = []
    limit = asyncio.Semaphore(closed.in_flight if closed else len(asks) or 1)
    began_at = time.time() + HEAD_START_S
    began = asyncio.get_running_loop().time() + HEAD_START_S

    async def connected() -> Exchange:
        while idle:
            exchange = idle.pop()
            if exchange.is_usable():
                return exchange
            exchange.close()
        return await Exchange.connect(address.hostname or "127.0.0.1", address.port or 80)

    async def send(ask: Ask) -> Outcome:
        await asyncio.sleep(max(0.0, began + ask.at_s - asyncio.get_running_loop().time()))
        async with limit:
            answer = await exchanged(ask)
        due_at = began_at + ask.at_s if closed is None else answer.sent_at
        return Outcome(
            status=answer.status,
            at_s=answer.sent_at - began_at,
            server_s=answer.handed_at - answer.sent_at,
            client_s=answer.read_at - due_at,
            late_s=answer.sent_at - due_at,
            body=answer.body[:KEPT_BYTES].decode("utf-8", "replace"),
        )

    async def exchanged(ask: Ask) -> Answer:
        request = _request(address.netloc, ask.body)
        give_up_s = ask.give_up_s
        if closed is not None:
            give_up_s = min(give_up_s, began_at + closed.seconds - time.time())
        try:
            if give_up_s <= 0:
                raise TimeoutError
            exchange = await connected()
        except OSError:  # a TimeoutError too
            now = time.time()
            return Answer(0, b"", now, now, now)
        answer = await exchange.ask(request, give_up_s)
        if exchange.is_open:
            idle.append(exchange)
        return answer

    try:
        with stamped():
            return list(await asyncio.gather(*(send(ask) for ask in asks)))
    finally:
        for exchange in idle:
            exchange.close()


def _request(host: str, body: dict[str, Any]) -> bytes:
    encoded = json.dumps(body).encode()
    head = (
        f"POST {PATH} HTTP/1.1\r\nhost: {host}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(encoded)}\r\n\r\n"
    )
    return head.encode() + encoded


def main() -> None:
    plan = json.load(sys.stdin)
    asks = [Ask(**ask) for ask in plan["asks"]]
    gc.collect()
    gc.freeze()
    gc.disable()
    closed = ClosedLoop(**plan["closed"]) if plan["closed"] else None
    outcomes = asyncio.run(send_all(plan["url"], asks, closed))
    json.dump([asdict(outcome) for outcome in outcomes], sys.stdout)


if __name__ == "__main__":
    main()
