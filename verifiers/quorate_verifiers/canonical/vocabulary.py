"""The words and signs of mathematical writing, by what they mean for a canonical form."""

from collections.abc import Mapping


def _words(spaced: str) -> frozenset[str]:
    return frozenset(spaced.split())


def _meanings(signs: Mapping[str, str]) -> dict[str, str]:
    """`{"*": "cdot times"}` as `{"cdot": "*", "times": "*"}`."""
    return {word: meaning for meaning, spaced in signs.items() for word in spaced.split()}


GREEK = _words(
    "alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta iota kappa lambda mu nu xi "
    "omicron pi rho sigma tau upsilon phi varphi chi psi omega"
)

FUNCTIONS = _words(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh log ln exp max min gcd lcm"
)

NO_SYMBOLS = _words("cup cap in binom begin end overline emptyset to and or")
"""Names that an expression cannot hold."""

LAYOUT = _words(
    "left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr displaystyle "
    "textstyle scriptstyle limits nolimits quad qquad degree boxed fbox text textrm textbf textit "
    "mathrm mathbf mathit mathsf mathbb boldsymbol bm operatorname mbox hbox rm bf it thinspace"
)
"""LaTeX commands that change the looks of what follows, and nothing else."""

COMMAND_MARKS = _meanings(
    {
        "*": "cdot times ast bullet",
        "/": "div",
        "<=": "le leq leqslant",
        ">=": "ge geq geqslant",
        "<": "lt",
        ">": "gt",
        "!=": "ne neq",
        "=": "equiv",
        "≈": "approx simeq",
        "±": "pm mp",
        "(": "langle lparen",
        ")": "rangle rparen",
        "{": "lbrace",
        "}": "rbrace",
        "|": "lvert rvert vert mid",
    }
)

COMMAND_NAMES = _meanings(
    {"frac": "dfrac tfrac cfrac", "and": "land", "or": "lor", "emptyset": "varnothing empty"}
)

CHARACTERS = str.maketrans(
    _meanings(
        {
            "-": "− – — ‐ ‑ ﹣ －",
            "*": "× · ⋅ ∙ ∗",
            "/": "÷ ∕ ⁄",
            "'": "’ ′",
            "<=": "≤",
            ">=": "≥",
            "!=": "≠",
            "±": "∓",
            "≈": "≃",
            r"\sqrt ": "√",
            r"\infty ": "∞",
            r"\cup ": "∪",
            r"\in ": "∈",
            r"\pi ": "π",
            " 1/2": "½",
            " 1/3": "⅓",
            " 2/3": "⅔",
            " 1/4": "¼",
            " 3/4": "¾",
            " 1/8": "⅛",
        }
    )
)

IGNORED_CHARACTERS = frozenset('$%°€£¥`"“”„\\~\u200b\u200c\u200d\ufeff')

IGNORED_ESCAPES = frozenset(" ,;:!$%()[]/>")
"""What stands for nothing behind a backslash: `\\,` is a space, `\\(` opens a formula."""

RAISED_UNITS = _words("circ th st nd rd")
"""Behind `^` they are no exponents: `90^\\circ`, `12^{th}`."""

SHORT_UNITS = _words(
    "mm cm dm km in ft yd mi mg kg lb lbs oz ml cl hr hrs min sec ms day days deg rad cup cups "
    "men ant ants hz khz mph kmh usd eur gbp per th st nd rd"
)
"""Units of two or three letters; a longer word behind a value is taken for a unit anyway."""

NO_UNITS = FUNCTIONS | _words(
    "pm am noon midnight north south east west left right above below more less fewer thousand "
    "million billion trillion dozen hundred mod base and or to infty sqrt frac cap binom begin "
    "end not no none if for otherwise of"
)
"""Words behind a value that change what is said."""

EXCLUDING = _words("except excluding not other than no all without unless but")
"""Words before `=` that make more of it than a name: "all x except x = 4" is not "4"."""
