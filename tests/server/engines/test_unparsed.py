import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate_sampling.engine import Delta
from quorate_server.engines.chunks import chat_delta
from quorate_server.engines.families import family_of
from quorate_server.engines.model_card import ModelCard
from quorate_server.engines.unparsed import Markers, Unparsed
from tests.server.engines.fake_upstream import chat_chunk

SKY = family_of(ModelCard("NovaSky-AI/Sky-T1-32B-Preview")).closing
assert SKY is not None
MARKERS = Markers.of(SKY)
SAID = (
    "<|begin_of_thought|>\n\nLet me see <|x|>: 40+6.\n\n<|end_of_thought|>\n\n"
    "<|begin_of_solution|>\n\nIt is \\boxed{46}.\n\n<|end_of_solution|>"
)


def read(*pieces: str, decoder: Unparsed | None = None) -> tuple[str, str]:
    """Reasoning and content of a stream of these pieces."""
    decode = decoder or Unparsed(MARKERS, chat_delta)
    chunks = [chat_chunk(content=piece) for piece in pieces] + [chat_chunk("stop")]
    told = [decode(msgspec.json.encode(chunk)) for chunk in chunks]
    return "".join(d.reasoning for d in told), "".join(d.content for d in told)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_a_thought_is_told_from_the_answer_wherever_the_stream_is_cut(sizes: list[int]) -> None:
    pieces, rest = [], SAID
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    thought, answer = read(*pieces, rest)
    assert (thought, answer) == ("Let me see <|x|>: 40+6.", "It is \\boxed{46}.\n\n")


def test_a_thought_is_told_while_it_comes() -> None:
    decode = Unparsed(MARKERS, chat_delta)
    chunks = ["<|begin_of_", "thought|>\n\nLet", " me", " see", "\n"]
    told = [decode(msgspec.json.encode(chat_chunk(content=c))) for c in chunks]
    assert [piece.reasoning for piece in told] == ["", "Let", " me", " see", ""]
    assert not any(piece.content for piece in told)


@pytest.mark.parametrize("said", ["It is 46.", "  It is 46.", "<b>46</b>", "<|begin_of_tho", ""])
def test_what_does_not_begin_as_a_thought_is_an_answer(said: str) -> None:
    assert read(*said) == ("", said)


def test_a_thought_that_is_cut_off_is_all_thought() -> None:
    assert read("<|begin_of_thought|>Let me <|end_of") == ("Let me <|end_of", "")


def test_an_answer_behind_a_closer_loses_only_its_marks() -> None:
    decoder = Unparsed(MARKERS, chat_delta, "answer")
    assert read(" 46}.", "\n<|end_of_", "solution|>", decoder=decoder) == ("", "46}.\n")


def test_what_the_engine_has_parsed_is_left_alone() -> None:
    qwen = family_of(ModelCard("Qwen/Qwen3-8B")).closing
    assert qwen is not None
    decode = Unparsed(Markers.of(qwen), chat_delta)
    chunks = [
        chat_chunk(reasoning="<think>hm"),
        chat_chunk(content="\n\n<think>"),
        chat_chunk(content=" x</think> 4"),
    ]
    told = [decode(msgspec.json.encode(chunk)) for chunk in chunks]
    assert [(d.reasoning, d.content) for d in told] == [
        ("<think>hm", ""),
        ("", "\n\n<think>"),
        ("", " x</think> 4"),
    ]


def test_token_ids_and_usage_pass_with_text_that_is_held_back() -> None:
    decode = Unparsed(MARKERS, chat_delta)
    piece = decode(msgspec.json.encode(chat_chunk(ids=(1, 2), content="<|begin")))
    assert piece == Delta(token_ids=(1, 2))


@pytest.mark.parametrize(("prompt", "thought"), [([1, 7], "so 46"), ([1], "")])
def test_a_thought_that_the_prompt_has_begun_needs_no_marker(
    prompt: list[int], thought: str
) -> None:
    markers = Markers("<think>", "</think>")
    decode = Unparsed(markers, chat_delta, opens=lambda ids: ids[-1] == 7)
    chunks = [
        {**chat_chunk(content=""), "prompt_token_ids": prompt},
        chat_chunk(content="so 46</th"),
        chat_chunk("stop", content="ink>\n\n46"),
    ]
    told = [decode(msgspec.json.encode(chunk)) for chunk in chunks]
    content = "46" if thought else "so 46</think>\n\n46"
    assert "".join(piece.reasoning for piece in told) == thought
    assert "".join(piece.content for piece in told) == content
