"""Code: the last fenced block that is complete, compared as text and never run.

The language named on the fence does not count, nor does white space at the ends of lines, the kind
of line end, or an empty line before and after. Everything else does: what a program does is not to
be seen from here.
"""

from quorate_verifiers.answers import Answer
from quorate_verifiers.fences import fenced_blocks


def extract_code(answer_part: str) -> Answer | None:
    """The code that `answer_part` gives, without its fences, or None where there is no block."""
    complete = [b.content for b in fenced_blocks(answer_part) if b.closed and b.content.strip()]
    if not complete:
        return None
    shown = code_key(complete[-1])
    return Answer("code", shown, shown)


def code_key(code: str) -> str:
    """A program as it is compared, and shown."""
    return "\n".join(line.rstrip() for line in code.splitlines()).strip("\n")
