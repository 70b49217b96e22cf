"""What a model put into a box: `\\boxed{…}`, the mark of a final answer."""

import re

_BOX = re.compile(r"\\(?:boxed|fbox)(?![A-Za-z])")
_SCAN = re.compile(r"(?P<box>\\(?:boxed|fbox)\s{0,8}\{)|\\.|(?P<brace>[{}])", re.DOTALL)
_UNBRACED = re.compile(
    r"\\(?:boxed|fbox)\s{0,8}(?P<content>[-+]?[0-9][0-9.,]*(?:/[0-9]+)?|[A-Za-z](?![A-Za-z]))"
)


def has_box(text: str) -> bool:
    """Whether there is a box at all, complete or not."""
    return "\\boxed" in text or "\\fbox" in text


def last_boxed(text: str) -> str | None:
    """The contents of the last box that is complete and not empty, trimmed; None without one.

    Of nested boxes the inner one counts. `\\boxed 5` is a box too. A box that was cut off does not
    count: `\\boxed{46` may have been about to become 460. Linear in the text's length.
    """
    if not has_box(text):
        return None
    found: tuple[int, str] = (-1, "")
    first = _first_box(text)
    open_braces: list[tuple[int, int] | None] = []  # where a box and its contents start
    for match in _SCAN.finditer(text, first):
        if match["box"]:
            open_braces.append((match.start(), match.end()))
        elif match["brace"] == "{":
            open_braces.append(None)
        elif match["brace"] and open_braces:
            box = open_braces.pop()
            if box is not None and box[0] > found[0]:
                content = text[box[1] : match.start()].strip()
                found = (box[0], content) if content else found
    for match in _UNBRACED.finditer(text, first):
        if match.start() > found[0]:
            found = (match.start(), match["content"].rstrip(".,"))
    return found[1] or None


def _first_box(text: str) -> int:
    match = _BOX.search(text)
    return match.start() if match else len(text)
