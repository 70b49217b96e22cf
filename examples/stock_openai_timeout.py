"""An answer in time with OpenAI's own client, and nothing of Quorate's installed beside it.

    quorate serve --trust-client-timeout
    python examples/stock_openai_timeout.py [--timeout 3.5] [QUESTION]

OpenAI's clients tell a server their `timeout=` in a header. A server that trusts it takes it for
the deadline: thinking is closed in time, and the answer comes before the client gives up.
Elsewhere the same call ends in a timeout, with nothing to show for the tokens.

One line comes out: the answer and the seconds it took, or that there was none.
"""

import argparse
import time

from openai import APITimeoutError, OpenAI

QUESTION = "What is 384*7-219+56?"


def ask(base_url: str, model: str, question: str, timeout_s: float) -> str | None:
    """The answer's text; None where there was none in time."""
    # A retry would think it all over again, with another timeout's worth of waiting.
    with OpenAI(base_url=base_url, api_key="none", timeout=timeout_s, max_retries=0) as client:
        try:
            completion = client.chat.completions.create(
                model=model, messages=[{"role": "user", "content": question}]
            )
        except APITimeoutError:
            return None
    return completion.choices[0].message.content


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base-url", default="http://127.0.0.1:8000/v1")
    parser.add_argument("--model", default="abacus")
    parser.add_argument("--timeout", type=float, default=3.5, help="seconds")
    parser.add_argument("question", nargs="?", default=QUESTION)
    options = parser.parse_args()
    began_at = time.perf_counter()
    answer = ask(options.base_url, options.model, options.question, options.timeout)
    told = "no answer in time" if answer is None else answer.strip()
    print(f"{time.perf_counter() - began_at:.2f} s of {options.timeout:g}: {told}")


if __name__ == "__main__":
    main()
