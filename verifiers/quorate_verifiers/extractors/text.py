"""Free text: the whole answer part (or what it boxes), compared without its dress.

Case, white space, Unicode variants, and punctuation, quotes or markdown emphasis around it do not
count. What stands inside does: a comma or a minus can change what is said.
"""

import re
import unicodedata

from quorate_verifiers.answers import Answer
from quorate_verifiers.boxes import last_boxed

_EMPHASIS = re.compile(r"\*\*|__|`+|^#{1,6}\s", re.MULTILINE)
_BOXED_TEXT = re.compile(r"\\text(?:bf|it|rm)?\s?\{([^{}]*)\}")
_SURROUNDING = " \t\n.,;:!?\"'“”‘’„«»()[]*_…"


def extract_text(answer_part: str) -> Answer | None:
    """The answer part as an answer; None where nothing but punctuation is left of it."""
    boxed = last_boxed(answer_part)
    shown = (_BOXED_TEXT.sub(r"\1", boxed) if boxed else answer_part).strip()
    key = text_key(shown)
    return Answer("text", shown, key) if key else None


def text_key(text: str) -> str:
    """NFKC, casefolded, white space collapsed, emphasis and surrounding punctuation removed."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    plain = " ".join(_EMPHASIS.sub("", unicodedata.normalize("NFKC", folded)).split())
    return plain.strip(_SURROUNDING)
