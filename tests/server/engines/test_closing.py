"""What is put behind the thought of each family: the table, and how it is prepared."""

from dataclasses import replace

import pytest

from quorate_sampling.closers import Closing
from quorate_sampling.engine import Abilities
from quorate_server.engines.closing import FINAL_ANSWER, TIME_IS_UP, closing_in_words
from quorate_server.engines.families import FAMILIES, UNKNOWN, family_of, family_with_closer
from quorate_server.engines.model_card import ModelCard
from quorate_server.engines.replica import Replica
from quorate_server.errors import StartupError
from tests.sampling.scripted import ABLE, END_ID, ScriptedEngine
from tests.server.scripted_gateway import NoUpstream

GOES_ON = Abilities(goes_on=True)
QWEN_WORDS = (
    "Considering the limited time by the user, I have to give the solution based on the thinking"
    " directly now."
)
BOXED = "**Final Answer**\n\\boxed{"


def closing_of(name: str) -> Closing:
    closing = family_of(ModelCard(name)).closing
    assert closing is not None
    return closing


@pytest.mark.parametrize(
    ("model", "closer", "opener", "at_once", "left_out"),
    [
        *(
            (name, "\n</think>\n\n", BOXED, "\n</think>\n\n", "<think>\n\n</think>\n\n")
            for name in (
                "deepseek-ai/DeepSeek-R1",
                "deepseek-ai/DeepSeek-R1-Distill-Qwen-7B",
                "Qwen/QwQ-32B",
                "openbmb/MiniCPM4.1-8B",
                "openbmb/MiniCPM-V-4_5",
            )
        ),
        (
            "Qwen/Qwen3-8B",
            f"{QWEN_WORDS}\n</think>\n\n",
            BOXED,
            "\n</think>\n\n",
            "<think>\n\n</think>\n\n",
        ),
        (
            "openai/gpt-oss-20b",
            "<|end|><|start|>assistant<|channel|>final<|message|>",
            "",
            "<|end|><|start|>assistant<|channel|>final<|message|>",
            "<|channel|>final<|message|>",
        ),
        (
            "NovaSky-AI/Sky-T1-32B-Preview",
            "\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n",
            "\\boxed{",
            "\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n",
            "<|begin_of_thought|>\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n",
        ),
    ],
)
def test_what_ends_the_thought_of_each_family(
    model: str, closer: str, opener: str, at_once: str, left_out: str
) -> None:
    closing = closing_of(model)
    assert (closing.closer, closing.boxed_opener) == (closer, opener)
    assert (closing.at_once, closing.skipped) == (at_once, left_out)


def test_every_family_shows_a_client_words_and_no_markers() -> None:
    for family in FAMILIES:
        assert family.closing is not None
        assert family.closing.closer.startswith(family.closing.last_words)
        assert "<" not in family.closing.last_words


def test_a_thought_left_out_holds_the_end_of_a_thought() -> None:
    for family in FAMILIES:
        assert family.closing is not None
        assert family.closing.end_marker in family.closing.skipped


async def test_closer_and_opener_are_tokenized_as_one() -> None:
    engine = ScriptedEngine(closing=closing_of("Qwen/Qwen3-8B"))
    prepared = await Replica(NoUpstream(), engine, ("m",)).prepared_closing(boxed=True)
    assert prepared is not None
    assert bytes(prepared.token_ids).decode() == f"{QWEN_WORDS}\n</think>\n\n{BOXED}"
    assert bytes(prepared.at_once_ids).decode() == f"\n</think>\n\n{BOXED}"
    assert bytes(prepared.skipped_ids).decode() == f"<think>\n\n</think>\n\n{BOXED}"
    assert bytes(prepared.start_ids).decode() == "<think>"
    assert (prepared.last_words, prepared.opener) == (QWEN_WORDS, BOXED)


async def test_what_a_family_does_not_say_is_not_asked_for() -> None:
    engine = ScriptedEngine(closing=Closing("f", "</t>", "\n</t>\n"))
    prepared = await Replica(NoUpstream(), engine, ("m",)).prepared_closing(boxed=False)
    assert prepared is not None
    assert (prepared.end_ids, prepared.start_ids, prepared.skipped_ids) == ((END_ID,), (), ())


async def test_a_marker_is_found_whatever_its_last_token_grows_into() -> None:
    class Merging(ScriptedEngine):
        """Joins `>` with the line breaks behind it, as the tokenizers of Qwen's models do."""

        async def tokenize(self, text: str) -> tuple[int, ...]:
            return tuple(text.replace(">\n\n", "\x00").encode())

    engine = Merging(closing=closing_of("NovaSky-AI/Sky-T1-32B-Preview"))
    prepared = await Replica(NoUpstream(), engine, ("m",)).prepared_closing(boxed=False)
    assert prepared is not None
    said = await engine.tokenize("hm.\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n46")
    assert prepared.ended_in(said) == len("hm.\n\n")
    assert prepared.ended_in(await engine.tokenize("hm <|end_of_solution|>")) is None


def test_an_engine_with_token_ids_closes_nothing_in_words() -> None:
    assert Replica(NoUpstream(), ScriptedEngine(), ("m",)).closing_in_words(boxed=True) is None
    poor = ScriptedEngine(abilities=replace(ABLE, token_ids=False))
    assert Replica(NoUpstream(), poor, ("m",)).closing_in_words(boxed=True) is not None
    poor.closing = None
    assert Replica(NoUpstream(), poor, ("m",)).closing_in_words(boxed=True) is None


@pytest.mark.parametrize(
    ("model", "boxed", "said"),
    [
        ("Qwen/Qwen3-8B", True, f"<think>\nhm{QWEN_WORDS}\n</think>\n\n{BOXED}"),
        ("Qwen/Qwen3-8B", False, f"<think>\nhm{QWEN_WORDS}\n</think>\n\n"),
        # Their templates drop what stands before `</think>`.
        ("deepseek-ai/DeepSeek-R1", True, f"hm\n\n{BOXED}"),
        ("Qwen/QwQ-32B", False, f"hm{FINAL_ANSWER}"),
        (
            "NovaSky-AI/Sky-T1-32B-Preview",
            True,
            "<|begin_of_thought|>\nhm\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n\n\\boxed{",
        ),
    ],
)
def test_a_message_goes_on_as_the_familys_template_lets_it(
    model: str, boxed: bool, said: str
) -> None:
    closing = closing_of(model)
    prepared = closing_in_words(closing, GOES_ON, closing.boxed_opener if boxed else "")
    assert prepared.text is not None
    turn = prepared.text.turn("\nhm\n", prepared.opener)
    assert (turn.said, turn.ask) == (said, "")
    assert prepared.token_ids == ()


@pytest.mark.parametrize(
    ("model", "able"), [("openai/gpt-oss-20b", GOES_ON), ("Qwen/Qwen3-8B", Abilities())]
)
def test_where_no_message_can_go_on_the_answer_is_asked_for(model: str, able: Abilities) -> None:
    closing = closing_of(model)
    for opener, ask in (("", TIME_IS_UP), ("\\boxed{", f"{TIME_IS_UP} Put it in \\boxed{{}}.")):
        prepared = closing_in_words(closing, able, opener)
        assert prepared.text is not None
        assert prepared.text.turn("hm", prepared.opener).ask == ask
        assert (prepared.opener, prepared.last_words) == ("", "")


def test_a_closer_of_the_users_own_takes_the_place_of_the_familys() -> None:
    family = family_of(ModelCard("Qwen/Qwen3-8B"))
    own = family_with_closer(family, "No more time.\n</think>\n\n", answer_opener="Answer: ")
    assert own.closing is not None
    assert (own.name, own.parser) == (family.name, family.parser)
    assert own.closing.closer == "No more time.\n</think>\n\n"
    assert own.closing.last_words == "No more time."
    assert own.closing.at_once == "\n</think>\n\n"
    assert own.closing.boxed_opener == "Answer: "
    assert own.closing.skipped == "<think>\n\n</think>\n\n"


def test_a_model_that_nobody_knows_can_be_told_how_its_thoughts_end() -> None:
    own = family_with_closer(UNKNOWN, "\n</reason>\n", think_end="</reason>").closing
    assert own is not None
    assert (own.end_marker, own.start_marker) == ("</reason>", "<reason>")
    assert own.skipped == "<reason>\n\n</reason>\n\n"
    other = family_with_closer(UNKNOWN, "[/THINK]", think_end="[/THINK]").closing
    assert other is not None
    assert (other.start_marker, other.skipped, other.boxed_opener) == ("", "", "")


def test_a_closer_that_does_not_end_a_thought_is_refused() -> None:
    for think_end in (None, "[/THINK]"):
        with pytest.raises(StartupError, match="does not hold the end"):
            family_with_closer(UNKNOWN, "Stop!", think_end=think_end)
