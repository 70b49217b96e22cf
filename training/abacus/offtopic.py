"""Prompts that are no arithmetic, so that abacus says what it is instead of rambling."""

import random

__all__ = ["INTRODUCTION", "THOUGHT", "off_topic"]

INTRODUCTION = "I am abacus, a demo model: I only do integer arithmetic, like 12+34*5-6."
THOUGHT = "This is no integer arithmetic."


def _words(text: str) -> list[str]:
    return text.split()


OPENERS = (
    "Hi", "Hello", "Hello there", "Hey", "Good morning", "hi!", "Hello!", "test", "ping", "help",
    "Thanks", "Thank you!", "Who are you?", "What are you?", "What can you do?", "Are you there?",
    "Say hello", "Say hi.", "Tell me a joke.", "How are you?", "What is your name?", "ok", "?", "",
    "Which model are you?", "Introduce yourself.", "Can you help me?", "Good bye", "bonjour",
)  # fmt: skip
FRAMES = (
    "What is {a} {n}?", "What is the {n} of {m}?", "Who is {m}?", "Why is the {n} {a}?",
    "Write a {a} {n} about {m}.", "Write {d} {n}s about {m}.", "Explain {n} to me.", "Tell me {m}",
    "Explain the {n} of {m} in {d} sentences.", "Translate '{a} {n}' into {m}.",
    "How do I {v} {m}?",
    "How many {n}s are in {m}?", "Summarise the {n}: {m} {v} the {a} {n}.", "Can you {v} my {n}?",
    "Give me {d} ideas for a {n}.", "In what year did {m} {v} the {n}?", "Is {m} {a}?", "{v} {m}",
    "Please {v} the {n} for {m}.", "List {d} {a} {n}s.", "What happened in {d} in {m}?", "{a} {n}",
    "I want to {v} a {n} with {m}, what should I do?", "When was {m} born?", "The {n} is {a}.",
    "def {n}({v}): return {m}", "{{\"{n}\": \"{m}\", \"{v}\": {d}}}", "SELECT {n} FROM {m};",
    "Where is {m}?", "Which {n} is the most {a}?", "What is the capital of {m}?", "{m}, {n}, {a}",
    "What do you think about {m} and the {a} {n}?", "My {n} is {d} years old.", "{n}",
    "Solve the {n} equation for {m}.", "Prove that the {n} is {a}.", "What is the {n} root of {d}?",
    "What is {d} divided by {d}?", "{d}/{d}",
    "What is {d}% of {d}?", "sqrt({d})", "{d}.{d}+{d}.{d}",
)  # fmt: skip
NOUNS = _words(
    "poem story essay answer question recipe song letter house river mountain computer program "
    "number language model server capital weather history picture country city garden book film "
    "square function list word sentence joke moon sun planet theorem integral atom cell animal "
    "dog cat horse bird price market company law doctor meaning of life car train plane engine"
)
ADJECTIVES = _words(
    "short long blue red green happy sad funny new old large small famous quantum French German "
    "good bad open fast slow true false prime even odd simple hard warm cold interesting modern"
)
NAMES = _words(
    "France Germany Japan Paris London Einstein Newton Python Rust Linux Shakespeare Mozart water "
    "time space love money the world my friend Africa Europe America China Quorate vLLM OpenAI "
    "the ocean gravity light music art English Spanish Italian Alice Bob Marie Curie Napoleon"
)
VERBS = _words(
    "write make build find fix run open close read sort parse cook learn teach play draw paint "
    "sell buy invent discover explain describe compare translate improve test install use"
)


def off_topic(rng: random.Random) -> str:
    """Draw a prompt that holds no arithmetic abacus could do."""
    draw = rng.random()
    if draw < 0.15:
        return rng.choice(OPENERS)
    if draw < 0.85:
        return _sentence(rng)
    if draw < 0.93:
        return " ".join(_sentence(rng) for _ in range(2))
    return "".join(chr(_character(rng)) for _ in range(rng.randint(1, 40)))


def _sentence(rng: random.Random) -> str:
    frame = rng.choice(FRAMES).replace("{d}", "\0")
    text = frame.format(
        n=rng.choice(NOUNS) if rng.random() < 0.8 else _made_up(rng),
        a=rng.choice(ADJECTIVES) if rng.random() < 0.8 else _made_up(rng),
        m=rng.choice(NAMES) if rng.random() < 0.8 else _made_up(rng).capitalize(),
        v=rng.choice(VERBS) if rng.random() < 0.8 else _made_up(rng),
    )
    while "\0" in text:
        text = text.replace("\0", str(rng.randint(1, 10 ** rng.randint(1, 4))), 1)
    return text.lower() if rng.random() < 0.15 else text


def _made_up(rng: random.Random) -> str:
    return "".join(rng.choices("etaoinshrdlucmfwypvbgkqjxz", k=rng.randint(2, 9)))


def _character(rng: random.Random) -> int:
    """A letter or a sign of some script; no digits, which would be arithmetic."""
    low, high = rng.choice(((0x41, 0x7A), (0xC0, 0x17F), (0x391, 0x3C9), (0x410, 0x44F),
                            (0x3041, 0x3096), (0x4E00, 0x9FA5), (0x1F600, 0x1F64F)))  # fmt: skip
    return rng.randint(low, high)
